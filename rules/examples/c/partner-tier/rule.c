/* Puts a partner's tier into the token, and takes the gold scope away from every partner that is not gold. */

#include "json.h"

#include <stdlib.h>
#include <string.h>

/* Ends the call as a failure: the last line on stderr is the reason that the host logs. */
static _Noreturn void fail(const char *reason) {
    fprintf(stderr, "%s\n", reason);
    exit(1);
}

/* What stdin holds, which is one JSON object for every call but describe. */
static const struct json *read_stdin(void) {
    char *bytes = NULL;
    size_t size = 0;
    /* JSON text has no zero byte in it, so reading up to one is reading all of it. */
    ssize_t length = getdelim(&bytes, &size, '\0', stdin);
    const struct json *object = length < 0 ? NULL : json_read((struct text){bytes, (size_t)length});
    if (object == NULL || object->kind != JSON_OBJECT) {
        fail("stdin is no JSON object");
    }
    return object;
}

static struct text string(const struct json *value) {
    if (value == NULL || value->kind != JSON_STRING) {
        fail("a string is missing from the event or the settings, or something else is in its place");
    }
    return value->text;
}

static struct text string_or(const struct json *value, struct text otherwise) {
    return value == NULL ? otherwise : string(value);
}

static bool contains(const struct json *list, struct text wanted) {
    const struct json *item = list == NULL ? NULL : list->first;
    while (item != NULL && !(item->kind == JSON_STRING && text_equal(item->text, wanted))) {
        item = item->next;
    }
    return item != NULL;
}

static void enrich(const struct json *event) {
    const struct json *client = json_member(event, "client");
    const struct json *metadata = json_member(client, "metadata");
    const struct json *granted = json_member(json_member(event, "scopes"), "granted");
    const struct json *settings = json_member(event, "settings");

    struct text id = string(json_member(client, "id"));
    struct text status = string_or(json_member(metadata, "status"), text_of(""));
    if (text_is(status, "suspended")) {
        printf("{\"denied\":{\"code\":\"access_denied\",\"description\":\"client ");
        json_write(stdout, id);
        printf(" is suspended\"}}\n");
        return;
    }

    struct text claim = string_or(json_member(settings, "claim"), text_of("https://rulemint.example/tier"));
    struct text default_tier = string_or(json_member(settings, "default_tier"), text_of("standard"));
    struct text gold_scope = string_or(json_member(settings, "gold_scope"), text_of(""));
    struct text tier = string_or(json_member(metadata, "tier"), default_tier);

    printf("{\"changes\":[{\"op\":\"set_claim\",\"name\":\"");
    json_write(stdout, claim);
    printf("\",\"value\":\"");
    json_write(stdout, tier);
    printf("\"}");
    if (!text_is(tier, "gold") && contains(granted, gold_scope)) {
        printf(",{\"op\":\"remove_scope\",\"scope\":\"");
        json_write(stdout, gold_scope);
        printf("\"}");
    }
    printf("]}\n");
}

static bool is_filled_string(const struct json *value) { return value->kind == JSON_STRING && value->text.length > 0; }

static void tell(const char *problem, int *problems) {
    printf("%s\"%s\"", (*problems)++ > 0 ? "," : "", problem);
}

/* Asked before the rule goes live, so that a mistake in the manifest never meets a token. */
static void validate(const struct json *settings) {
    const struct json *claim = json_member(settings, "claim");
    const struct json *tier = json_member(settings, "default_tier");
    const struct json *scope = json_member(settings, "gold_scope");
    int problems = 0;

    printf("{\"problems\":[");
    if (claim != NULL && !(is_filled_string(claim) && text_starts(claim->text, "https://"))) {
        tell("claim must be a string that begins with https://", &problems);
    }
    if (tier != NULL && !is_filled_string(tier)) {
        tell("default_tier must be a string that is not empty", &problems);
    }
    if (scope != NULL && !is_filled_string(scope)) {
        tell("gold_scope must be a string that is not empty", &problems);
    }
    printf("]}\n");
}

int main(int argc, char **argv) {
    const char *call = argc == 2 ? argv[1] : "";
    if (strcmp(call, "enrich") == 0) {
        enrich(read_stdin());
    } else if (strcmp(call, "validate-settings") == 0) {
        validate(read_stdin());
    } else if (strcmp(call, "describe") == 0) {
        printf("{\"description\":\"Puts a partner's tier into the token\",\"version\":\"1.0.0\","
               "\"calls\":[\"enrich\",\"validate-settings\"]}\n");
    } else {
        fail("the one argument is enrich, validate-settings or describe");
    }
    return 0;
}
