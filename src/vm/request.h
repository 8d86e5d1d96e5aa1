/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the request for the guest (guest/proto.h, enum kp_tag) and frames in general. */
#pragma once

#include "base/str.h"
#include "guest/proto.h"

/* Records of the request. */
void vm_req_text(struct str *req, enum kp_tag tag, const char *text);
void vm_req_bytes(struct str *req, enum kp_tag tag, const void *data, size_t n);
/* Fields separated by NUL; ends with a NULL argument. */
void vm_req_fields(struct str *req, enum kp_tag tag, ...) __attribute__((sentinel));

/* Frames. */
void vm_frame(struct str *out, enum kp_type type, unsigned stream, const void *payload, size_t n);
void vm_frame32(struct str *out, enum kp_type type, unsigned stream, uint32_t value);
/* The whole request in as many REQUEST frames as it takes, then START. */
void vm_frame_request(struct str *out, const struct str *req);
