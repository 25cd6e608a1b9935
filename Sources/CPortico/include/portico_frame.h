/*
 * portico_frame.h - finds where a frame ends, for handlers in C and C++. Header-only: nothing is
 * allocated, nothing is kept but what you keep, and no function is called but memchr and memcmp.
 *
 * A stream has no frames; a protocol does. handle() gets all bytes that it has not consumed, which
 * may be half a frame or three and a half. Ask one of the functions here for the first frame,
 * answer it, and return how many bytes it took:
 *
 *     ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply) {
 *       portico_frame line = portico_frame_line(buffer, len, 1024);
 *       if (line.total <= 0) return line.total;
 *       reply(line.payload, line.length);
 *       return line.total;
 *     }
 *
 * `total` means what the return value of handle means, so one test covers every case: 0 is "call
 * me again with more", a negative value ends the connection as a protocol error. Bytes behind the
 * frame need no loop: the host calls handle again at once while it consumes and bytes remain.
 *
 * A datagram is passed whole, and handle is called once for it. Protocols differ in what it holds:
 * DNS drops its length field over UDP, others put several frames into one datagram (loop over
 * those yourself, with buffer + total).
 *
 * LIMITS. `limit` is the most bytes that a frame may have in all, header and delimiter included;
 * PORTICO_FRAME_NO_LIMIT leaves it to the host's max_frame, which bounds every frame anyway. That a
 * frame is too long is said as soon as it is certain, which for a length field is when the field is
 * there. No length that a client sends, all ones included, overflows anything.
 *
 * THREAD TAG of everything here: [any thread]. The functions look at what they are given, and at
 * nothing else.
 *
 * C89 with <stddef.h>, <stdint.h> and <string.h>; also C11, C++17, and Swift, which has its own
 * version of these in the kit (PorticoHandler).
 */
#ifndef PORTICO_FRAME_H
#define PORTICO_FRAME_H

#include "portico.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h> /* memchr, the fastest way to a line's end that any C library has; memcmp */

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunknown-warning-option"
#pragma clang diagnostic ignored "-Wnullability-extension"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------
 * What every function answers
 */

/* portico_frame.total, when there is no frame */
#define PORTICO_FRAME_NEEDS_MORE 0   /* it is not whole yet; `need` says how many bytes it takes */
#define PORTICO_FRAME_TOO_LONG (-1)  /* it is, or will be, longer than the limit */
#define PORTICO_FRAME_MALFORMED (-2) /* a length smaller than its header; a varint without end */
#define PORTICO_FRAME_MISUSE (-3)    /* the arguments make no sense: a mistake of the handler's */

/* For `limit`: none but the host's own. */
#define PORTICO_FRAME_NO_LIMIT ((size_t)-1)

typedef struct portico_frame {
  /* > 0: a frame is there, and this many bytes are to be consumed: header, payload, delimiter.
   * Otherwise one of the four values above. handle may return it as it is. */
  ptrdiff_t total;
  /* What the protocol carries, inside the buffer you passed, and as valid as that. It is NULL
   * without a frame. Not NUL-terminated. */
  const unsigned char *PORTICO_NULLABLE payload;
  /* Bytes of payload; 0 for an empty line or an empty message. */
  size_t length;
  /* Bytes in front of the payload, counted from the start of the buffer. */
  size_t header;
  /* Of the whole buffer, how many bytes the frame takes at least, when more are needed: for
   * host->need(reply, need), which saves the calls until then. Never above the limit. */
  size_t need;
} portico_frame;

/* The four answers without a frame, and the one with it. For the functions below; a framing of your
 * own may use them too. */
PORTICO_HEADER_INLINE portico_frame portico_frame_none(ptrdiff_t why, size_t need) {
  portico_frame frame;
  frame.total = why;
  frame.payload = NULL;
  frame.length = 0;
  frame.header = 0;
  frame.need = need;
  return frame;
}

PORTICO_HEADER_INLINE portico_frame portico_frame_found(const void *PORTICO_NULLABLE buffer,
                                                        size_t header, size_t length,
                                                        size_t total) {
  portico_frame frame;
  frame.total = (ptrdiff_t)total;
  frame.payload = (const unsigned char *)buffer + header;
  frame.length = length;
  frame.header = header;
  frame.need = 0;
  return frame;
}

/* ---------------------------------------------------------------------------------------------
 * Frames that end with a delimiter
 */

/* Where `byte` stands first in the buffer, looking from position `from` on; len if nowhere. */
PORTICO_HEADER_INLINE size_t portico_frame_index(const void *PORTICO_NULLABLE buffer, size_t from,
                                                 size_t len, unsigned char byte) {
  const unsigned char *start = (const unsigned char *)buffer;
  const void *found = from < len ? memchr(start + from, byte, len - from) : NULL;
  return found != NULL ? (size_t)((const unsigned char *)found - start) : len;
}

/*
 * The bytes before a delimiter of one byte or several. The delimiter belongs to `total` and not to
 * the payload.
 *
 * delimiter  What ends a frame; delimiter_length bytes of it, at least 1.
 * limit      Of the frame with its delimiter.
 * searched   NULL, or where you keep, for this connection, how many bytes were searched in vain:
 *            0 before the first call, then leave it alone. With it a frame that comes in many
 *            pieces is searched once; without it, from its start at each call. The host calls again
 *            only when a large frame has grown by an eighth (or 2 ms later), so that costs little:
 *            keep the number where frames are long and come slowly. It counts from the start of the
 *            buffer, so it is right as long as handle returns 0 after this function said "needs
 *            more". Where you consume bytes in another way, set it to 0.
 *
 * Time: one memchr for the delimiter's first byte, and a comparison wherever that stands.
 *
 *     portico_frame part = portico_frame_delimited(buffer, len, "\r\n\r\n", 4, 16384, NULL);
 */
PORTICO_HEADER_INLINE portico_frame portico_frame_delimited(
    const void *PORTICO_NULLABLE buffer, size_t len, const void *PORTICO_NONNULL delimiter,
    size_t delimiter_length, size_t limit, size_t *PORTICO_NULLABLE searched) {
  const unsigned char *bytes = (const unsigned char *)buffer;
  const unsigned char *mark = (const unsigned char *)delimiter;
  size_t end = len < limit ? len : limit; /* a delimiter must end here at the latest */
  size_t at = searched != NULL && *searched <= end ? *searched : 0;
  size_t rest;
  if (delimiter_length == 0) return portico_frame_none(PORTICO_FRAME_MISUSE, 0);
  if (limit < delimiter_length) return portico_frame_none(PORTICO_FRAME_TOO_LONG, 0);
  if (searched != NULL) *searched = 0;
  for (; (at = portico_frame_index(bytes, at, end, mark[0])) < end; at++) {
    rest = end - at < delimiter_length ? end - at : delimiter_length;
    if (memcmp(bytes + at, mark, rest) != 0) continue;
    if (rest == delimiter_length) {
      return portico_frame_found(buffer, 0, at, at + delimiter_length);
    }
    break; /* its beginning is the buffer's end */
  }
  /* Everything before `at` is in vain, and the delimiter cannot be whole before this many bytes. */
  if (at > limit - delimiter_length) return portico_frame_none(PORTICO_FRAME_TOO_LONG, 0);
  if (searched != NULL) *searched = at;
  return portico_frame_none(PORTICO_FRAME_NEEDS_MORE, at + delimiter_length);
}

/*
 * A line: the bytes before "\n", without the "\r" that may stand in front of it. The most common
 * framing there is; a protocol that insists on "\r\n" wants portico_frame_delimited.
 *
 * limit     Of the line with its end.
 * searched  As in portico_frame_delimited; see there.
 *
 *     portico_frame line = portico_frame_line_from(buffer, len, 65536, &connection->searched);
 */
PORTICO_HEADER_INLINE portico_frame portico_frame_line_from(const void *PORTICO_NULLABLE buffer,
                                                            size_t len, size_t limit,
                                                            size_t *PORTICO_NULLABLE searched) {
  portico_frame line = portico_frame_delimited(buffer, len, "\n", 1, limit, searched);
  if (line.length > 0 && line.payload[line.length - 1] == '\r') line.length--;
  return line;
}

/* The same for short lines, which are searched quickly however often.
 *
 *     portico_frame line = portico_frame_line(buffer, len, 1024); */
PORTICO_HEADER_INLINE portico_frame portico_frame_line(const void *PORTICO_NULLABLE buffer,
                                                       size_t len, size_t limit) {
  return portico_frame_line_from(buffer, len, limit, NULL);
}

/* ---------------------------------------------------------------------------------------------
 * Frames of a fixed size
 */

/*
 * The first `size` bytes, at least 1; all of them are payload.
 *
 *     portico_frame request = portico_frame_fixed(buffer, len, sizeof(struct request));
 */
PORTICO_HEADER_INLINE portico_frame portico_frame_fixed(const void *PORTICO_NULLABLE buffer,
                                                        size_t len, size_t size) {
  if (size == 0 || size > PTRDIFF_MAX) return portico_frame_none(PORTICO_FRAME_MISUSE, 0);
  if (len < size) return portico_frame_none(PORTICO_FRAME_NEEDS_MORE, size);
  return portico_frame_found(buffer, 0, size, size);
}

/* ---------------------------------------------------------------------------------------------
 * Numbers in frames
 */

/* Which byte of a number comes first */
#define PORTICO_BIG_ENDIAN 0u    /* the most significant one: network order */
#define PORTICO_LITTLE_ENDIAN 1u /* the least significant one */

/* The number in `width` bytes (1 to 8) at `bytes`. The caller has made sure that they are there.
 *
 *     uint64_t command = portico_read_number(pdu.payload, 4, PORTICO_BIG_ENDIAN); */
PORTICO_HEADER_INLINE uint64_t portico_read_number(const void *PORTICO_NONNULL bytes, size_t width,
                                                   uint32_t order) {
  const unsigned char *from = (const unsigned char *)bytes;
  uint64_t number = 0;
  size_t i;
  for (i = 0; i < width; i++) {
    number = number << 8 | from[order == PORTICO_LITTLE_ENDIAN ? width - 1 - i : i];
  }
  return number;
}

/* Writes the lowest `width` bytes (1 to 8) of a number to `bytes`: for the length of an answer.
 *
 *     portico_write_number(answer, 2, PORTICO_BIG_ENDIAN, answer_length); */
PORTICO_HEADER_INLINE void portico_write_number(void *PORTICO_NONNULL bytes, size_t width,
                                                uint32_t order, uint64_t number) {
  unsigned char *to = (unsigned char *)bytes;
  size_t i;
  for (i = 0; i < width; i++, number >>= 8) {
    to[order == PORTICO_LITTLE_ENDIAN ? i : width - 1 - i] = (unsigned char)(number & 0xFF);
  }
}

/* Writes a number as a varint to `bytes`, which has room for 10. Returns how many it took.
 *
 *     size_t width = portico_write_varint(answer + 1, answer_length); */
PORTICO_HEADER_INLINE size_t portico_write_varint(void *PORTICO_NONNULL bytes, uint64_t number) {
  unsigned char *to = (unsigned char *)bytes;
  size_t width = 0;
  for (; number > 0x7F; number >>= 7) to[width++] = (unsigned char)(0x80 | (number & 0x7F));
  to[width++] = (unsigned char)number;
  return width;
}

/* ---------------------------------------------------------------------------------------------
 * Frames that begin with their length
 */

/* portico_length_field.counts: which bytes the number in the field counts */
#define PORTICO_COUNTS_REST 0u    /* those behind the field: Modbus/TCP, DNS over TCP */
#define PORTICO_COUNTS_FRAME 1u   /* all, from the first byte of the header: SMPP, Diameter */
#define PORTICO_COUNTS_ITSELF 2u  /* those from the field's first on: PostgreSQL */
#define PORTICO_COUNTS_PAYLOAD 3u /* those behind the header, which is longer: HTTP/2 */

/* Where a frame says how long it is. Write it once, as a static const; what is left out is zero. */
typedef struct portico_length_field {
  size_t offset;   /* bytes in front of the field */
  size_t width;    /* of the field: 1 to 8 */
  uint32_t order;  /* PORTICO_BIG_ENDIAN or PORTICO_LITTLE_ENDIAN */
  uint32_t counts; /* PORTICO_COUNTS_... */
  /* Bytes in front of the payload, the field included; 0 when the payload begins behind the
   * field. A frame whose length leaves no room for its header is malformed. */
  size_t header;
  /* Added to the number in the field, for lengths that count something else still. */
  int64_t adjustment;
} portico_length_field;

/* The size of a whole frame whose field says `number`, counted from `start`, which is in its header
 * of `header` bytes. Returns 0 when it would end before its header does, and SIZE_MAX when it is
 * beyond all limits. */
PORTICO_HEADER_INLINE size_t portico_frame_size(uint64_t number, size_t start, size_t header,
                                                int64_t adjustment) {
  const uint64_t most = (uint64_t)(size_t)-1;
  if (adjustment < 0) {
    /* Not -adjustment: the smallest number has no opposite. */
    const uint64_t less = ~(uint64_t)adjustment + 1;
    if (number < less) return 0; /* it ends before `start` */
    number -= less;
  } else {
    if ((uint64_t)adjustment > most || number > most - (uint64_t)adjustment) return (size_t)-1;
    number += (uint64_t)adjustment;
  }
  if (number > most - start) return (size_t)-1;
  return start + (size_t)number < header ? 0 : start + (size_t)number;
}

/*
 * A frame whose header has its length.
 *
 * field  Where, and what it counts. Not NULL.
 * limit  Of the frame with its header.
 *
 * Until the field is there, the header is what is needed; then, the whole frame. Answers MISUSE
 * for a width of 0 or above 8, an unknown order or count, or a header that ends before the field
 * does.
 *
 *     static const portico_length_field field = {4, 2, PORTICO_BIG_ENDIAN, PORTICO_COUNTS_REST,
 *                                                0, 0};
 *     portico_frame request = portico_frame_by_length(buffer, len, &field, 260);
 */
PORTICO_HEADER_INLINE portico_frame portico_frame_by_length(
    const void *PORTICO_NULLABLE buffer, size_t len,
    const portico_length_field *PORTICO_NONNULL field, size_t limit) {
  const unsigned char *bytes = (const unsigned char *)buffer;
  const size_t behind = field->offset + field->width;
  const size_t header = field->header != 0 ? field->header : behind;
  size_t start, total;
  if (field->width < 1 || field->width > 8 || field->order > PORTICO_LITTLE_ENDIAN ||
      field->counts > PORTICO_COUNTS_PAYLOAD || behind < field->width || header < behind ||
      header > PTRDIFF_MAX) {
    return portico_frame_none(PORTICO_FRAME_MISUSE, 0);
  }
  if (limit > PTRDIFF_MAX) limit = PTRDIFF_MAX; /* nothing in memory is longer */
  if (header > limit) return portico_frame_none(PORTICO_FRAME_TOO_LONG, 0);
  if (len < behind) return portico_frame_none(PORTICO_FRAME_NEEDS_MORE, header);

  start = field->counts == PORTICO_COUNTS_REST     ? behind
          : field->counts == PORTICO_COUNTS_ITSELF ? field->offset
          : field->counts == PORTICO_COUNTS_FRAME  ? 0
                                                   : header;
  total = portico_frame_size(portico_read_number(bytes + field->offset, field->width, field->order),
                             start, header, field->adjustment);
  if (total == 0) return portico_frame_none(PORTICO_FRAME_MALFORMED, 0);
  if (total > limit) return portico_frame_none(PORTICO_FRAME_TOO_LONG, 0);
  if (len < total) return portico_frame_none(PORTICO_FRAME_NEEDS_MORE, total);
  return portico_frame_found(buffer, header, total - header, total);
}

/* For portico_frame_by_varint: how many bytes a length takes at most */
#define PORTICO_VARINT_MQTT 4      /* up to 268,435,455 */
#define PORTICO_VARINT_PROTOBUF 10 /* up to 2^64 - 1; also LEB128 */

/*
 * A frame with a varint for its length: seven bits a byte, the lowest first, the highest bit set in
 * all but the last. It counts what follows it.
 *
 * offset  Bytes in front of the varint.
 * widest  How many bytes it may have: 1 to 10. One that goes on for longer, or whose number needs
 *         more than 64 bits, is malformed. (A number in more bytes than it needs is accepted.)
 * limit   Of the frame with everything in front of it.
 *
 *     portico_frame packet =
 *         portico_frame_by_varint(buffer, len, 1, PORTICO_VARINT_MQTT, 65536);
 */
PORTICO_HEADER_INLINE portico_frame portico_frame_by_varint(const void *PORTICO_NULLABLE buffer,
                                                            size_t len, size_t offset,
                                                            size_t widest, size_t limit) {
  const unsigned char *bytes = (const unsigned char *)buffer;
  uint64_t number = 0;
  size_t at, width, header, total;
  if (widest < 1 || widest > 10 || offset > PTRDIFF_MAX - 10) {
    return portico_frame_none(PORTICO_FRAME_MISUSE, 0);
  }
  if (limit > PTRDIFF_MAX) limit = PTRDIFF_MAX;
  for (width = 0;; width++) {
    at = offset + width;
    if (width == widest) return portico_frame_none(PORTICO_FRAME_MALFORMED, 0);
    if (at >= limit) return portico_frame_none(PORTICO_FRAME_TOO_LONG, 0);
    if (at >= len) return portico_frame_none(PORTICO_FRAME_NEEDS_MORE, at + 1);
    /* The tenth byte has room for the last of 64 bits. */
    if (width == 9 && bytes[at] > 1) return portico_frame_none(PORTICO_FRAME_MALFORMED, 0);
    number |= (uint64_t)(bytes[at] & 0x7F) << (7 * width);
    if (bytes[at] < 0x80) break;
  }
  header = at + 1;
  total = portico_frame_size(number, header, header, 0);
  if (total > limit) return portico_frame_none(PORTICO_FRAME_TOO_LONG, 0);
  if (len < total) return portico_frame_none(PORTICO_FRAME_NEEDS_MORE, total);
  return portico_frame_found(buffer, header, total - header, total);
}

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif /* PORTICO_FRAME_H */
