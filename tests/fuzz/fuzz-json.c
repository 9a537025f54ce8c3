/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader of JSON: what it accepts must be written to a snapshot file and read again as the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz-reader.h"
#include "fuzz.h"
#include "library/json-read.h"
#include "snapshot-sample.h"

const char fuzz_corpus[] = "json";
const unsigned long fuzz_mutations = 200000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_reader(allotp_json_read_memory, sample_survives, data, size);
}

uint8_t *fuzz_seed(unsigned int n, size_t *size)
{
	static const char *const seeds[] = {
		"{\"allot-snapshot\":1}",
		"{\"allot-snapshot\":1,\"nodes\":[{\"calls\":[{\"function\":\"f\",\"file\":\"a.c\",\"line\":1},{}]},"
		"{\"caller\":0,\"address\":\"0x10\",\"signal\":true}],\"sites\":[{\"stack\":1,\"live\":{\"bytes\":3,"
		"\"blocks\":1},\"variance\":{\"live\":{\"bytes\":0.5,\"blocks\":1}}},{\"stack\":\"limit\",\"domain\":1}]}",
		"{\"allot-snapshot\":1,\"process\":{\"pid\":1,\"program\":\"p\",\"command\":\"p\",\"sampling_bytes\":5},"
		"\"trust\":{\"events\":9,\"stopped\":true,\"exit\":\"exec\",\"exit_value\":-1,\"lost\":{\"nested\":1}},"
		"\"filtered\":{\"by\":\"+a\",\"of\":{\"frees\":1}},\"modules\":[{\"path\":\"m\",\"start\":\"0x1\",\"end\":"
		"\"0x2\",\"build_id\":\"0a\",\"unloaded\":false}],\"nodes\":[{\"module\":0,\"address\":\"0x1\"}]}",
		"{\"allot-snapshot\":1,\"domains\":[\"malloc\",\"mmap\",\"own\"],\"regions\":[{\"name\":\"r\"},{\"name\":"
		"\"s\",\"parent\":0}],\"sites\":[{\"domain\":2,\"region\":1}],\"marks\":[{\"name\":\"m\",\"time_ns\":1}],"
		"\"series\":[{\"time_ns\":1,\"live_bytes\":2}],\"totals\":{\"live\":{\"bytes\":1}}}",
	};
	uint8_t *copy;

	if (n >= sizeof(seeds) / sizeof(seeds[0]))
		return NULL;
	*size = strlen(seeds[n]);
	copy = malloc(*size);
	if (!copy)
		abort();
	return memcpy(copy, seeds[n], *size);
}
