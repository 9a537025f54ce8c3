/* SPDX-License-Identifier: MIT */
/* What `allot run` reads for its report while the program still runs. */
#include "foresight.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "snapshot/view.h"

static void read_module(struct allot_foresight *foresight, struct allot_view *view, uint32_t index)
{
	struct allot_store_module stored;
	struct allot_module module = { 0 };

	allotp_view_fetch(view, ALLOT_REGION_MODULES, index, &stored, sizeof(stored));
	if (!stored.build_id_size || stored.build_id_size > sizeof(module.build_id))
		return;
	module.path = allotp_view_string(view, stored.path);
	module.start = stored.start;
	module.end = stored.end;
	module.bias = stored.bias;
	module.build_id_size = stored.build_id_size;
	memcpy(module.build_id, stored.build_id, stored.build_id_size);
	if (module.path)
		allotp_ahead_read(&foresight->ahead, &module);
	free(module.path);
}

void allotp_foresee(struct allot_foresight *foresight, const struct allot_reader *reader)
{
	const struct allot_store *store = &reader->store;
	uint64_t count = __atomic_load_n(&store->header->module_count, __ATOMIC_ACQUIRE);
	struct allot_error error;
	struct allot_view view;

	if (foresight->modules + 1 >= count)
		return;
	if (!foresight->ahead.context && allotp_ahead_init(&foresight->ahead))
		return;
	if (allotp_view_open(&view, store->base, store->size, &error))
		return;
	count = allotp_view_filled(&view, ALLOT_REGION_MODULES, view.header->module_count,
				   sizeof(struct allot_store_module));
	/* Number 0 is that of no module. */
	if (foresight->modules + 1 < count)
		read_module(foresight, &view, ++foresight->modules);
	allotp_view_close(&view);
}
