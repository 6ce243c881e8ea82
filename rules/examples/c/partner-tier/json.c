#include "json.h"

#include <stdlib.h>
#include <string.h>

/* Deep enough for every event, and shallow enough for the smallest stack. */
#define DEPTH_MAX 200

static const char *const words[] = {[JSON_NULL] = "null", [JSON_FALSE] = "false", [JSON_TRUE] = "true"};

/* Where the reader is. Every function below moves `at` behind what it read, or answers false. */
struct reader {
    const char *at;
    const char *end;
};

static bool read_value(struct reader *in, struct json *out, int depth);

const struct json *json_read(struct text source) {
    struct reader in = {source.bytes, source.bytes + source.length};
    struct json *root = calloc(1, sizeof *root);
    if (root == NULL || !read_value(&in, root, 0) || in.at != in.end) {
        return NULL;
    }
    return root;
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void skip_space(struct reader *in) {
    while (in->at < in->end && is_space(*in->at)) {
        in->at++;
    }
}

static bool take(struct reader *in, char wanted) {
    if (in->at == in->end || *in->at != wanted) {
        return false;
    }
    in->at++;
    return true;
}

static bool take_word(struct reader *in, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(in->end - in->at) < length || memcmp(in->at, word, length) != 0) {
        return false;
    }
    in->at += length;
    return true;
}

/* The four hexadecimal digits behind \u, or -1. */
static long read_hex(struct reader *in) {
    long value = 0;
    for (int i = 0; i < 4; i++) {
        if (in->at == in->end) {
            return -1;
        }
        char c = *in->at++;
        if (is_digit(c)) {
            value = value * 16 + (c - '0');
        } else if (c >= 'a' && c <= 'f') {
            value = value * 16 + (c - 'a' + 10);
        } else if (c >= 'A' && c <= 'F') {
            value = value * 16 + (c - 'A' + 10);
        } else {
            return -1;
        }
    }
    return value;
}

static char *put_utf8(char *to, long code) {
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* The character behind \u. Outside the first 65,536 it comes as two surrogates; half of such a pair is no character. */
static bool read_unicode(struct reader *in, char **to) {
    long code = read_hex(in);
    if (code >= 0xd800 && code <= 0xdbff) {
        if (!take(in, '\\') || !take(in, 'u')) {
            return false;
        }
        long low = read_hex(in);
        if (low < 0xdc00 || low > 0xdfff) {
            return false;
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code < 0 || (code >= 0xdc00 && code <= 0xdfff)) {
        return false;
    }
    *to = put_utf8(*to, code);
    return true;
}

static bool read_escape(struct reader *in, char **to) {
    static const char names[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (take(in, 'u')) {
        return read_unicode(in, to);
    }
    const char *name = in->at < in->end ? memchr(names, *in->at, sizeof names - 1) : NULL;
    if (name == NULL) {
        return false;
    }
    in->at++;
    *(*to)++ = meanings[name - names];
    return true;
}

static bool read_string(struct reader *in, struct text *out) {
    if (!take(in, '"')) {
        return false;
    }
    /* No escape is shorter than what it stands for, so the string fits where it came from. */
    const char *quote = in->at;
    while (quote < in->end && *quote != '"') {
        quote += *quote == '\\' ? 2 : 1;
    }
    if (quote >= in->end) {
        return false;
    }
    char *bytes = malloc((size_t)(quote - in->at) + 1);
    if (bytes == NULL) {
        return false;
    }
    char *to = bytes;
    while (in->at < quote) {
        char c = *in->at++;
        if ((unsigned char)c < 0x20 || (c == '\\' && !read_escape(in, &to))) {
            return false;
        }
        if (c != '\\') {
            *to++ = c;
        }
    }
    *out = (struct text){bytes, (size_t)(to - bytes)};
    return take(in, '"');
}

static bool read_digits(struct reader *in) {
    const char *start = in->at;
    while (in->at < in->end && is_digit(*in->at)) {
        in->at++;
    }
    return in->at > start;
}

static bool read_number(struct reader *in, struct text *out) {
    const char *start = in->at;
    take(in, '-');
    if (!take(in, '0') && !read_digits(in)) {
        return false;
    }
    if (take(in, '.') && !read_digits(in)) {
        return false;
    }
    if (take(in, 'e') || take(in, 'E')) {
        if (!take(in, '+')) {
            take(in, '-');
        }
        if (!read_digits(in)) {
            return false;
        }
    }
    *out = (struct text){start, (size_t)(in->at - start)};
    return true;
}

/* The items of an array or the members of an object, from behind the opening bracket. */
static bool read_items(struct reader *in, struct json *out, int depth) {
    char close = out->kind == JSON_OBJECT ? '}' : ']';
    const struct json **link = &out->first;
    skip_space(in);
    if (take(in, close)) {
        return true;
    }
    do {
        struct json *item = calloc(1, sizeof *item);
        if (item == NULL) {
            return false;
        }
        skip_space(in);
        if (out->kind == JSON_OBJECT) {
            if (!read_string(in, &item->name)) {
                return false;
            }
            skip_space(in);
            if (!take(in, ':')) {
                return false;
            }
        }
        if (!read_value(in, item, depth + 1)) {
            return false;
        }
        *link = item;
        link = &item->next;
    } while (take(in, ','));
    return take(in, close);
}

static bool read_kind(struct reader *in, struct json *out, int depth) {
    if (take(in, '{')) {
        out->kind = JSON_OBJECT;
        return read_items(in, out, depth);
    }
    if (take(in, '[')) {
        out->kind = JSON_ARRAY;
        return read_items(in, out, depth);
    }
    if (in->at < in->end && *in->at == '"') {
        out->kind = JSON_STRING;
        return read_string(in, &out->text);
    }
    for (enum json_kind word = JSON_NULL; word <= JSON_TRUE; word++) {
        if (take_word(in, words[word])) {
            out->kind = word;
            return true;
        }
    }
    out->kind = JSON_NUMBER;
    return read_number(in, &out->text);
}

/* A value, with the white space on both sides. */
static bool read_value(struct reader *in, struct json *out, int depth) {
    skip_space(in);
    bool good = depth <= DEPTH_MAX && read_kind(in, out, depth);
    skip_space(in);
    return good;
}

const struct json *json_member(const struct json *object, const char *name) {
    const struct json *found = NULL;
    if (object == NULL || object->kind != JSON_OBJECT) {
        return NULL;
    }
    for (const struct json *member = object->first; member != NULL; member = member->next) {
        if (text_is(member->name, name)) {
            found = member; /* Of a name that is there twice, the last one counts. */
        }
    }
    return found;
}

void json_write(FILE *out, struct text text) {
    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if ((unsigned char)c < 0x20) {
            fprintf(out, "\\u%04x", c);
        } else {
            fputc(c, out);
        }
    }
}

bool text_is(struct text text, const char *other) { return text_equal(text, text_of(other)); }

bool text_starts(struct text text, const char *start) {
    size_t length = strlen(start);
    return text.length >= length && memcmp(text.bytes, start, length) == 0;
}

bool text_equal(struct text left, struct text right) {
    return left.length == right.length && memcmp(left.bytes, right.bytes, left.length) == 0;
}

struct text text_of(const char *zero_terminated) {
    return (struct text){zero_terminated, strlen(zero_terminated)};
}
