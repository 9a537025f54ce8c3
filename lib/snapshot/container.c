/* SPDX-License-Identifier: MIT */
/* Packs a payload into the file's bytes and back: magic, version, sizes, and a zstd frame with its checksum. */
#include "snapshot/container.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "common/error.h"
#include "snapshot/payload.h"
#include "snapshot/table.h"

/* Begins with a byte that is no text, and holds a line end that text-mode transfers would change. */
static const uint8_t magic[8] = { 0x89, 'A', 'L', 'L', 'O', 'T', '\r', '\n' };

struct header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t reserved; /* 0 */
	uint64_t payload_size;
	uint64_t frame_size;
};
_Static_assert(sizeof(struct header) == ALLOT_CONTAINER_HEADER, "the header is part of the file format");

/* zstd's own limits: a block takes at least four bytes and holds at most 128 KiB. */
#define BLOCK_BYTES_LEAST 4
#define BLOCK_CONTENT_MOST (UINT64_C(128) << 10)

/* Half the time of zstd's own choice, for two bytes in a hundred more. */
enum { LEVEL = 2 };

static int compress(void *frame, size_t room, const void *payload, size_t payload_size, size_t *frame_size)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();

	if (!context)
		return -ENOMEM;
	if (ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL))) {
		ZSTD_freeCCtx(context);
		return -EIO;
	}
	*frame_size = ZSTD_compress2(context, frame, room, payload, payload_size);
	ZSTD_freeCCtx(context);
	if (!ZSTD_isError(*frame_size))
		return 0;
	return ZSTD_getErrorCode(*frame_size) == ZSTD_error_memory_allocation ? -ENOMEM : -EIO;
}

int allotp_container_pack(const void *payload, size_t payload_size, const char *name, uint8_t **data, size_t *size,
			  struct allot_error *error)
{
	size_t room = ZSTD_compressBound(payload_size), frame_size;
	uint8_t *file = malloc(sizeof(struct header) + room);
	struct header header = { .version = htole32(ALLOT_SNAPSHOT_VERSION) };
	int result = file ? compress(file + sizeof(header), room, payload, payload_size, &frame_size) : -ENOMEM;

	if (result < 0) {
		free(file);
		return allotp_error(error, result, "%s: cannot write: %s", name,
				    result == -ENOMEM ? "out of memory" : "compression failed");
	}
	memcpy(header.magic, magic, sizeof(magic));
	header.payload_size = htole64(payload_size);
	header.frame_size = htole64(frame_size);
	memcpy(file, &header, sizeof(header));
	*data = file;
	*size = sizeof(header) + frame_size;
	return 0;
}

int allotp_container_open(const void *data, size_t size, const char *name, struct allot_container *container,
			  struct allot_error *error)
{
	struct header header;
	uint64_t payload_size, frame_size;

	if (!size)
		return allotp_error(error, -EBADMSG, "%s: not an allot snapshot: it is empty", name);
	if (memcmp(data, magic, size < sizeof(magic) ? size : sizeof(magic)))
		return allotp_error(error, -EBADMSG, "%s: not an allot snapshot", name);
	if (size < sizeof(header))
		return allotp_error(error, -EBADMSG, "%s: truncated", name);
	memcpy(&header, data, sizeof(header));
	if (le32toh(header.version) > ALLOT_SNAPSHOT_VERSION)
		return allotp_error(error, -ENOTSUP, "%s: made by a newer allot (version %u)", name,
				    le32toh(header.version));
	if (!header.version || header.reserved)
		return allotp_error(error, -EBADMSG, "%s: damaged: bad header", name);
	payload_size = le64toh(header.payload_size);
	frame_size = le64toh(header.frame_size);
	if (payload_size > ALLOT_SNAPSHOT_PAYLOAD_MAX || frame_size > ZSTD_compressBound(payload_size) ||
	    payload_size > frame_size / BLOCK_BYTES_LEAST * BLOCK_CONTENT_MOST)
		return allotp_error(error, -EBADMSG, "%s: damaged: impossible sizes", name);
	container->payload_size = payload_size;
	container->frame_size = frame_size;
	return 0;
}

int allotp_container_unpack(const void *file, size_t file_size, const char *name, uint8_t **data, size_t *size,
			    struct allot_error *error)
{
	struct allot_container container;
	const uint8_t *frame = (const uint8_t *)file + ALLOT_CONTAINER_HEADER;
	int result = allotp_container_open(file, file_size, name, &container, error);
	uint8_t *payload;
	size_t got;

	if (result < 0)
		return result;
	if (container.frame_size > file_size - ALLOT_CONTAINER_HEADER)
		return allotp_error(error, -EBADMSG, "%s: truncated", name);
	if (container.frame_size < file_size - ALLOT_CONTAINER_HEADER)
		return allotp_error(error, -EBADMSG, "%s: damaged: data after the end", name);
	if (ZSTD_getFrameContentSize(frame, container.frame_size) != container.payload_size)
		return allotp_error(error, -EBADMSG, "%s: damaged: sizes do not match", name);
	payload = malloc(container.payload_size + 1);
	if (!payload)
		return allotp_error(error, -ENOMEM, "%s: out of memory", name);
	got = ZSTD_decompress(payload, container.payload_size, frame, container.frame_size);
	if (ZSTD_isError(got) || got != container.payload_size) {
		free(payload);
		if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
			return allotp_error(error, -ENOMEM, "%s: out of memory", name);
		if (ZSTD_getErrorCode(got) == ZSTD_error_checksum_wrong)
			return allotp_error(error, -EBADMSG, "%s: damaged: checksum mismatch", name);
		return allotp_error(error, -EBADMSG, "%s: damaged: cannot be decompressed", name);
	}
	*data = payload;
	*size = got;
	return 0;
}
