// What a rule imports and exports, as TypeScript sees it: the contract in wit/rule.wit, in the shapes that
// componentize-qjs gives it.

declare module "rulemint:rule/types@1.0.0" {
  /** A JSON value as text: write it with `JSON.stringify`, read it with `JSON.parse`. */
  export type Json = string;

  /** One thing a rule wants changed. Changes are applied in order, and all of a rule's changes or none of them. */
  export type Change =
    | { tag: "set-claim"; val: { name: string; value: Json } }
    | { tag: "remove-claim"; val: string }
    | { tag: "remove-scope"; val: string }
    /** Seconds that the token may live at most. */
    | { tag: "shorten-lifetime"; val: number };

  /** A refusal that the caller is meant to see. */
  export interface Denial {
    code:
      | "access_denied"
      | "invalid_request"
      | "invalid_scope"
      | "invalid_target"
      | "unauthorized_client"
      | "temporarily_unavailable";
    description: string;
  }

  /** What `enrich` may throw. */
  export type Failure =
    | { tag: "denied"; val: Denial }
    /** The request lacks or misstates something; the caller sees `invalid_request` and this text. */
    | { tag: "invalid"; val: string }
    /** The rule has a fault; the text goes to the log. */
    | { tag: "internal"; val: string };

  /** The token request as far as it has come. Every getter costs a call: read only what you need. */
  export interface Request {
    transactionId(): string;
    /** Seconds since 1970-01-01 UTC. */
    issuedAt(): number;
    /** Seconds. */
    lifetime(): number;
    grantType(): string;
    audience(): string;
    clientId(): string;
    clientName(): string;
    clientMetadata(name: string): string | null;
    grantId(): string;
    subjectId(): string | null;
    subjectClaim(name: string): Json | null;
    requestedScopes(): string[];
    grantedScopes(): string[];
    parameter(name: string): string | null;
    claim(name: string): Json | null;
    /** The settings of the manifest as a JSON object. */
    settings(): Json;
    /** Everything above as one JSON object. */
    event(): Json;
  }

  /** What a rule exports as `enrich`. */
  export interface Enrich {
    enrich(request: Request): Change[];
  }

  /** What a rule may export as `settings`; it throws one text for every mistake. */
  export interface Settings {
    validate(settings: Json): void;
  }
}

declare module "rulemint:rule/host@1.0.0" {
  export function log(level: "debug" | "info" | "warn" | "error", message: string): void;
  /** A fresh random UUID. */
  export function uuidV4(): string;
  /** A fresh time-ordered UUID. */
  export function uuidV7(): string;
}

declare module "rulemint:rule/cache@1.0.0" {
  export function get(key: string): string | null;
  /** Throws a text where the manifest grants no cache, or the key or the value is over the limit. */
  export function set(key: string, value: string, ttlSeconds: number): void;
  function remove(key: string): void;
  export { remove as delete };
}
