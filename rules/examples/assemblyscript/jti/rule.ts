// Gives every token a fresh random UUID, version 4, as its jti.
//
// Every call gets the same kind of answer, so neither the event on stdin nor the name of the call is read.

const uuid = new Uint8Array(16);
crypto.getRandomValues(uuid);
uuid[6] = (uuid[6] & 0x0f) | 0x40; // Version 4.
uuid[8] = (uuid[8] & 0x3f) | 0x80; // The variant of RFC 9562.

let jti = "";
for (let i = 0; i < uuid.length; i++) {
  if (i == 4 || i == 6 || i == 8 || i == 10) jti += "-";
  jti += uuid[i].toString(16).padStart(2, "0");
}
process.stdout.write(`{"changes":[{"op":"set_claim","name":"jti","value":"${jti}"}]}`);
