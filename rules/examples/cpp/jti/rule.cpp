// Gives every token a fresh random UUID, version 4, as its jti.

#include <cstdio>
#include <random>

// Every call gets the same kind of answer, so neither the event on stdin nor the name of the call is read.
int main() {
  std::random_device random;  // On WASI, this is the host's random_get.
  const unsigned a = random(), b = random(), c = random(), d = random();
  // The 4 is the version; the mask 0x3fff and 0x8000 make the variant of RFC 9562.
  std::printf(R"({"changes":[{"op":"set_claim","name":"jti","value":"%08x-%04x-4%03x-%04x-%04x%08x"}]})", a, b >> 16,
              b & 0xfff, (c >> 16 & 0x3fff) | 0x8000, c & 0xffff, d);
}
