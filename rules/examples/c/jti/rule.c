/* Gives every token a fresh random UUID, version 4, as its jti. */

#include <stdio.h>
#include <unistd.h>

/* Every call gets the same kind of answer, so neither the event on stdin nor the name of the call is read. */
int main(void) {
    unsigned random[4];
    if (getentropy(random, sizeof random) != 0) {
        perror("no randomness");
        return 1;
    }
    /* The 4 is the version; the mask 0x3fff and 0x8000 make the variant of RFC 9562. */
    printf("{\"changes\":[{\"op\":\"set_claim\",\"name\":\"jti\",\"value\":\"%08x-%04x-4%03x-%04x-%04x%08x\"}]}\n",
           random[0], random[1] >> 16, random[1] & 0xfff, (random[2] >> 16 & 0x3fff) | 0x8000, random[2] & 0xffff,
           random[3]);
    return 0;
}
