/* A small JSON reader (RFC 8259), and a writer for the inside of strings.
 *
 * It is made for programs that live for one call: what it allocates is never given back. Strings may hold any
 * character, U+0000 too, so a text carries its length. */

#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct text {
    const char *bytes; /* UTF-8, without a zero at the end. */
    size_t length;
};

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    struct text text;         /* Of a string, its characters; of a number, its digits as they came. */
    struct text name;         /* Of an object's member. */
    const struct json *first; /* Of an array or an object. */
    const struct json *next;  /* The one beside it. */
};

/* The value that the whole text is, or NULL where the text is no JSON or is nested more than 200 deep. */
const struct json *json_read(struct text source);

/* The member of that name, or NULL where there is none. A value that is no object, or NULL, has no members. */
const struct json *json_member(const struct json *object, const char *name);

/* Writes what stands between the quotes of a string, with everything escaped that has to be. */
void json_write(FILE *out, struct text text);

bool text_is(struct text text, const char *other);
bool text_starts(struct text text, const char *start);
bool text_equal(struct text left, struct text right);
struct text text_of(const char *zero_terminated);

#endif
