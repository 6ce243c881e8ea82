// Puts a partner's tier into the token, and takes the gold scope away from every partner that is not gold.

import { Json, fail, quote } from "./json";

function enrich(event: Json): string {
  const client = event.member("client");
  const metadata = client.member("metadata");
  const settings = event.member("settings");
  const id = client.member("id").text;
  if (metadata.member("status").textOr("") == "suspended") {
    const description = `client ${id} is suspended`;
    return `{"denied":{"code":"access_denied","description":${quote(description)}}}`;
  }

  const claim = settings.member("claim").textOr("https://rulemint.example/tier");
  const defaultTier = settings.member("default_tier").textOr("standard");
  const goldScope = settings.member("gold_scope").textOr("");
  const tier = metadata.member("tier").textOr(defaultTier);
  const changes = [`{"op":"set_claim","name":${quote(claim)},"value":${quote(tier)}}`];
  if (tier != "gold" && event.member("scopes").member("granted").includes(goldScope)) {
    changes.push(`{"op":"remove_scope","scope":${quote(goldScope)}}`);
  }
  return `{"changes":[${changes.join(",")}]}`;
}

// Asked before the rule goes live, so that a mistake in the manifest never meets a token.
function validate(settings: Json): string {
  const problems: string[] = [];
  const claim = settings.member("claim");
  if (!claim.isMissing && !(claim.isText && claim.text.startsWith("https://"))) {
    problems.push(quote("claim must be a string that begins with https://"));
  }
  const names = ["default_tier", "gold_scope"];
  for (let i = 0; i < names.length; i++) {
    const value = settings.member(names[i]);
    if (!value.isMissing && !(value.isText && value.text.length > 0)) {
      problems.push(quote(`${names[i]} must be a string that is not empty`));
    }
  }
  return `{"problems":[${problems.join(",")}]}`;
}

function describe(): string {
  const calls = `["enrich","validate-settings"]`;
  return `{"description":"Puts a partner's tier into the token","version":"1.0.0","calls":${calls}}`;
}

// What stdin holds, which is one JSON object for every call but describe.
function readObject(): Json {
  let bytes = new ArrayBuffer(4096);
  let length = 0;
  let count = 0;
  do {
    if (length == bytes.byteLength) {
      const longer = new ArrayBuffer(2 * length);
      Uint8Array.wrap(longer).set(Uint8Array.wrap(bytes));
      bytes = longer;
    }
    count = process.stdin.read(bytes, length);
    length += count;
  } while (count > 0);
  const json = Json.parse(String.UTF8.decode(bytes.slice(0, length)));
  if (!json.isRecord) fail("stdin is no JSON object");
  return json;
}

const call = process.argv.length > 1 ? process.argv[1] : "";
if (call == "enrich") {
  process.stdout.write(enrich(readObject()));
} else if (call == "validate-settings") {
  process.stdout.write(validate(readObject()));
} else if (call == "describe") {
  process.stdout.write(describe());
} else {
  fail("the one argument is enrich, validate-settings or describe");
}
