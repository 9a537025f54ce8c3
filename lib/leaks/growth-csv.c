/* SPDX-License-Identifier: MIT */
/* Growth as CSV (RFC 4180): a header, then one record for each group that changes, in its order. */
#include <inttypes.h>
#include <math.h>

#include "leaks/growth-writer.h"
#include "report/print.h"
#include "report/writer.h"

/* Empty: it is not known. */
static void put_real(FILE *out, double value)
{
	putc(',', out);
	if (isfinite(value))
		fprintf(out, "%.6g", value);
}

static int write_group(FILE *out, const struct allot_growth *growth, const struct allot_growth_group *group)
{
	const struct allot_trend *trend = allotp_growth_trend(group);
	const struct allot_count *last = &group->live[growth->points - 1];
	int rc = allotp_write_csv_place(out, &growth->views[group->view],
					(struct allot_backtrace){ .node = group->node }, growth->keys, group->key);

	if (rc < 0)
		return rc;
	fprintf(out, ",%s,", allotp_trend_name(trend->kind));
	allotp_put_field(out, growth->unit_name);
	put_real(out, group->bytes.slope);
	put_real(out, group->bytes.error);
	put_real(out, group->blocks.slope);
	put_real(out, group->blocks.error);
	put_real(out, trend->r_squared);
	put_real(out, allotp_growth_span(growth, trend));
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\r\n", group->live[0].bytes,
		group->live[0].blocks, last->bytes, last->blocks);
	return 0;
}

int allotp_growth_write_csv(FILE *out, const struct allot_growth *growth)
{
	fputs("key,function,module,verdict,unit,bytes_per_unit,bytes_error,blocks_per_unit,blocks_error,r_squared,span,"
	      "first_bytes,first_blocks,last_bytes,last_blocks\r\n",
	      out);
	for (uint32_t i = 0; i < growth->shown; i++) {
		int rc = write_group(out, growth, &growth->groups[i]);

		if (rc < 0)
			return rc;
	}
	return 0;
}
