// A small JSON reader (RFC 8259), and a writer for strings.
//
// AssemblyScript cannot catch what is thrown, so what is no JSON ends the program here.

export enum Kind {
  Missing,
  Null,
  False,
  True,
  Number,
  Text,
  List,
  Record,
}

export class Json {
  // Of a string, its characters; of a number, its digits as they came.
  characters: string = "";
  // Of a list, its items; of a record, the values of its members, and their names in the same order.
  values: Json[] = [];
  names: string[] = [];

  constructor(public kind: Kind) {}

  // The value that the whole of a text is.
  static parse(source: string): Json {
    const reader = new Reader(source);
    const json = reader.value(0);
    if (!reader.isAtEnd) reader.fail("the end");
    return json;
  }

  // The member of that name, or a value that is missing: only records have members, and of a name that is there twice
  // the last one counts.
  member(name: string): Json {
    const index = this.names.lastIndexOf(name);
    return index < 0 ? new Json(Kind.Missing) : this.values[index];
  }

  get isMissing(): bool {
    return this.kind == Kind.Missing;
  }

  get isRecord(): bool {
    return this.kind == Kind.Record;
  }

  get isText(): bool {
    return this.kind == Kind.Text;
  }

  get text(): string {
    if (!this.isText) fail("a string is missing, or something else is in its place");
    return this.characters;
  }

  textOr(otherwise: string): string {
    return this.isMissing ? otherwise : this.text;
  }

  includes(text: string): bool {
    for (let i = 0; i < this.values.length; i++) {
      if (this.values[i].isText && this.values[i].text == text) return true;
    }
    return false;
  }
}

// A string in its quotes, with everything escaped that has to be.
export function quote(text: string): string {
  const parts: string[] = ['"'];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x20 && code != QUOTE && code != BACKSLASH) continue;
    parts.push(text.substring(start, i));
    parts.push(`\\u${code.toString(16).padStart(4, "0")}`);
    start = i + 1;
  }
  parts.push(text.substring(start));
  parts.push('"');
  return parts.join("");
}

// Ends the call as a failure: the last line on stderr is the reason that the host logs.
export function fail(reason: string): void {
  process.stderr.write(reason + "\n");
  process.exit(1);
}

class Reader {
  private at: i32 = 0;

  constructor(private source: string) {}

  get isAtEnd(): bool {
    return this.at == this.source.length;
  }

  // A value, with the white space on both sides.
  value(depth: i32): Json {
    if (depth > DEPTH_MAX) this.fail("fewer brackets within brackets");
    this.skipSpace();
    const json = this.bareValue(depth);
    this.skipSpace();
    return json;
  }

  private bareValue(depth: i32): Json {
    if (this.take("{")) return this.items(new Json(Kind.Record), "}", depth);
    if (this.take("[")) return this.items(new Json(Kind.List), "]", depth);
    if (this.take("null")) return new Json(Kind.Null);
    if (this.take("false")) return new Json(Kind.False);
    if (this.take("true")) return new Json(Kind.True);
    const isText = this.take('"');
    const json = new Json(isText ? Kind.Text : Kind.Number);
    json.characters = isText ? this.text() : this.number();
    return json;
  }

  // What stands between two brackets.
  private items(json: Json, close: string, depth: i32): Json {
    this.skipSpace();
    if (this.take(close)) return json;
    do {
      if (json.isRecord) json.names.push(this.name());
      json.values.push(this.value(depth + 1));
    } while (this.take(","));
    this.expect(close);
    return json;
  }

  private name(): string {
    this.skipSpace();
    this.expect('"');
    const name = this.text();
    this.skipSpace();
    this.expect(":");
    return name;
  }

  // The characters up to the closing quote. They are joined once, at the end, for adding to a string copies it. (With a
  // shrinkLevel above 0 in asconfig.json, join would do the same.)
  private text(): string {
    const parts: string[] = [];
    let start = this.at;
    while (!this.take('"')) {
      if (this.peek() < 0x20) this.fail("a character of a string");
      if (this.take("\\")) {
        parts.push(this.source.substring(start, this.at - 1));
        parts.push(this.escape());
        start = this.at;
      } else {
        this.at++;
      }
    }
    parts.push(this.source.substring(start, this.at - 1));
    return parts.join("");
  }

  private escape(): string {
    if (this.take("u")) return this.unicode();
    if (this.take('"')) return '"';
    if (this.take("\\")) return "\\";
    if (this.take("/")) return "/";
    if (this.take("b")) return "\b";
    if (this.take("f")) return "\f";
    if (this.take("n")) return "\n";
    if (this.take("r")) return "\r";
    if (!this.take("t")) this.fail("an escape that JSON has");
    return "\t";
  }

  // A character outside the first 65,536 comes as two surrogates; half of such a pair is no character.
  private unicode(): string {
    const code = this.hex();
    if (code < 0xd800 || code > 0xdfff) return String.fromCharCode(code);
    this.expect("\\u");
    const low = this.hex();
    if (code > 0xdbff || low < 0xdc00 || low > 0xdfff) this.fail("a pair of surrogates");
    return String.fromCharCode(code, low);
  }

  private hex(): i32 {
    let code = 0;
    for (let i = 0; i < 4; i++) {
      const digit = "0123456789abcdefABCDEF".indexOf(this.source.charAt(this.at));
      if (this.isAtEnd || digit < 0) this.fail("a hexadecimal digit");
      code = code * 16 + (digit < 16 ? digit : digit - 6);
      this.at++;
    }
    return code;
  }

  private number(): string {
    const start = this.at;
    this.take("-");
    if (!this.take("0")) this.digits();
    if (this.take(".")) this.digits();
    if (this.take("e") || this.take("E")) {
      if (!this.take("+")) this.take("-");
      this.digits();
    }
    return this.source.substring(start, this.at);
  }

  private digits(): void {
    const start = this.at;
    while (this.peek() >= ZERO && this.peek() <= ZERO + 9) this.at++;
    if (this.at == start) this.fail("a value");
  }

  private skipSpace(): void {
    while (this.take(" ") || this.take("\n") || this.take("\r") || this.take("\t")) {}
  }

  private expect(wanted: string): void {
    if (!this.take(wanted)) this.fail(wanted);
  }

  private take(wanted: string): bool {
    if (!this.source.startsWith(wanted, this.at)) return false;
    this.at += wanted.length;
    return true;
  }

  // The code of the next character, or -1 where there is none.
  private peek(): i32 {
    return this.isAtEnd ? -1 : this.source.charCodeAt(this.at);
  }

  fail(wanted: string): void {
    fail(`stdin is no JSON: expected ${wanted} at character ${this.at}`);
  }
}

const QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;
const ZERO: i32 = 0x30;
const DEPTH_MAX: i32 = 200;
