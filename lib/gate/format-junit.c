/* SPDX-License-Identifier: MIT */
/* A verdict as a JUnit report, as GitLab and Jenkins read it: each limit is a test case. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/utf8.h"
#include "gate/writer.h"

/* XML knows no other control characters, however they are written. */
static void put_xml(FILE *out, const char *text)
{
	while (*text) {
		size_t length = allotp_utf8_length(text);

		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else if (!length)
			fputs("\xef\xbf\xbd", out);
		else if (length == 1 && ((unsigned char)*text < 0x20 || *text == 0x7f))
			putc('?', out);
		else
			fwrite(text, 1, length, out);
		text += length ? length : 1;
	}
}

static void put_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	put_xml(out, value);
	putc('"', out);
}

static void write_complete(FILE *out, const struct allot_verdict *verdict)
{
	fputs("  <testcase classname=\"allot\" name=\"complete data\" time=\"0\"", out);
	if (!verdict->incomplete_count) {
		fputs("/>\n", out);
		return;
	}
	fputs(verdict->refused ? ">\n   <error type=\"incomplete\"" : ">\n   <system-out>", out);
	if (verdict->refused) {
		put_attribute(out, "message", verdict->incomplete[0]);
		putc('>', out);
	}
	for (uint32_t i = 0; i < verdict->incomplete_count; i++) {
		put_xml(out, verdict->incomplete[i]);
		putc('\n', out);
	}
	fputs(verdict->refused ? "</error>\n" : "</system-out>\n", out);
	fputs("  </testcase>\n", out);
}

static int write_finding(FILE *out, struct allot_verdict *verdict, const struct allot_finding *finding)
{
	struct allot_detail detail;
	int rc = allotp_detail_init(&detail, verdict, finding, 0);

	if (rc == 0) {
		put_xml(out, detail.text);
		putc('\n', out);
	}
	allotp_detail_release(&detail);
	return rc;
}

static int write_failure(FILE *out, struct allot_verdict *verdict, uint32_t number)
{
	const struct allot_check *check = &verdict->checks[number];
	int rc = 0;

	fprintf(out, "   <failure type=\"over-budget\" message=\"%" PRIu32 " place%s\">", check->findings,
		check->findings == 1 ? "" : "s");
	for (uint32_t i = 0; i < verdict->finding_count && rc == 0; i++)
		if (verdict->findings[i].check == number)
			rc = write_finding(out, verdict, &verdict->findings[i]);
	fputs("</failure>\n", out);
	return rc;
}

static int write_check(FILE *out, struct allot_verdict *verdict, uint32_t number)
{
	const struct allot_check *check = &verdict->checks[number];
	char *name = allotp_check_text(check);
	int rc = name ? 0 : -ENOMEM;

	if (rc < 0)
		return rc;
	fputs("  <testcase classname=\"allot\"", out);
	put_attribute(out, "name", name);
	free(name);
	fputs(" time=\"0\"", out);
	if (check->result == ALLOT_RESULT_PASS) {
		fputs("/>\n", out);
		return 0;
	}
	fputs(">\n", out);
	if (check->result == ALLOT_RESULT_OVER) {
		rc = write_failure(out, verdict, number);
	} else {
		fputs("   <skipped", out);
		put_attribute(out, "message", check->reason);
		fputs("/>\n", out);
	}
	fputs("  </testcase>\n", out);
	return rc;
}

static void put_counts(FILE *out, const struct allot_verdict *verdict, bool with_skipped)
{
	uint32_t failures = 0, skipped = 0;

	for (uint32_t i = 0; i < verdict->check_count; i++) {
		failures += verdict->checks[i].result == ALLOT_RESULT_OVER;
		skipped += verdict->checks[i].result == ALLOT_RESULT_UNCHECKED;
	}
	fprintf(out, " tests=\"%" PRIu32 "\" failures=\"%" PRIu32 "\" errors=\"%d\"", verdict->check_count + 1,
		failures, verdict->refused);
	if (with_skipped)
		fprintf(out, " skipped=\"%" PRIu32 "\"", skipped);
	fputs(" time=\"0\"", out);
}

int allotp_verdict_write_junit(FILE *out, struct allot_verdict *verdict)
{
	int rc = 0;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"allot check\"", out);
	put_counts(out, verdict, false);
	fputs(">\n <testsuite", out);
	put_attribute(out, "name", verdict->judged->name);
	put_counts(out, verdict, true);
	fputs(">\n", out);
	write_complete(out, verdict);
	for (uint32_t i = 0; i < verdict->check_count && rc == 0; i++)
		rc = write_check(out, verdict, i);
	fputs(" </testsuite>\n</testsuites>\n", out);
	return rc;
}
