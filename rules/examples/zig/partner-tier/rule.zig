//! Puts a partner's tier into the token, and takes the gold scope away from every partner that is not gold.

const std = @import("std");
const json = std.json;

/// What this rule reads of the event; the rest of it is skipped.
const Event = struct {
    client: struct {
        id: []const u8,
        metadata: struct {
            tier: ?[]const u8 = null,
            status: []const u8 = "",
        } = .{},
    },
    scopes: struct { granted: []const []const u8 = &.{} } = .{},
    settings: struct {
        claim: []const u8 = "https://rulemint.example/tier",
        default_tier: []const u8 = "standard",
        gold_scope: ?[]const u8 = null,
    } = .{},
};

/// One of the two is set.
const Result = struct {
    changes: ?[]const Change = null,
    denied: ?struct { code: []const u8, description: []const u8 } = null,
};

const Change = struct {
    op: enum { set_claim, remove_scope },
    name: ?[]const u8 = null,
    value: ?[]const u8 = null,
    scope: ?[]const u8 = null,
};

fn enrich(arena: std.mem.Allocator, event: Event) !Result {
    const metadata = event.client.metadata;
    const settings = event.settings;
    if (is(metadata.status, "suspended")) {
        const description = try std.fmt.allocPrint(arena, "client {s} is suspended", .{event.client.id});
        return .{ .denied = .{ .code = "access_denied", .description = description } };
    }
    const tier = metadata.tier orelse settings.default_tier;
    var changes: std.ArrayList(Change) = .empty;
    try changes.append(arena, .{ .op = .set_claim, .name = settings.claim, .value = tier });
    if (settings.gold_scope) |scope| {
        if (!is(tier, "gold") and contains(event.scopes.granted, scope))
            try changes.append(arena, .{ .op = .remove_scope, .scope = scope });
    }
    return .{ .changes = changes.items };
}

/// Asked before the rule goes live, so that a mistake in the manifest never meets a token.
fn validate(arena: std.mem.Allocator, settings: json.ObjectMap) ![]const []const u8 {
    var problems: std.ArrayList([]const u8) = .empty;
    if (settings.get("claim")) |claim| {
        if (claim != .string or !std.mem.startsWith(u8, claim.string, "https://"))
            try problems.append(arena, "claim must be a string that begins with https://");
    }
    inline for (.{ "default_tier", "gold_scope" }) |name| {
        if (settings.get(name)) |value| {
            if (value != .string or value.string.len == 0)
                try problems.append(arena, name ++ " must be a string that is not empty");
        }
    }
    return problems.items;
}

fn is(text: []const u8, other: []const u8) bool {
    return std.mem.eql(u8, text, other);
}

fn contains(list: []const []const u8, text: []const u8) bool {
    for (list) |item| if (is(item, text)) return true;
    return false;
}

/// An error that is returned from here ends the program with 1 and its name on stderr: the host reads both.
pub fn main(init: std.process.Init) !void {
    // The sandbox lives for this one call, so nothing is freed.
    const arena = init.arena.allocator();
    const arguments = try init.minimal.args.toSlice(arena);
    if (arguments.len != 2) return error.OneArgumentIsNeeded;

    var in_buffer: [4096]u8 = undefined;
    var stdin = std.Io.File.stdin().readerStreaming(init.io, &in_buffer);
    const text = try stdin.interface.allocRemaining(arena, .unlimited);

    var out_buffer: [4096]u8 = undefined;
    var stdout = std.Io.File.stdout().writerStreaming(init.io, &out_buffer);
    var answer: json.Stringify = .{ .writer = &stdout.interface, .options = .{ .emit_null_optional_fields = false } };

    const call = arguments[1];
    if (is(call, "enrich")) {
        const event = try json.parseFromSliceLeaky(Event, arena, text, .{ .ignore_unknown_fields = true });
        try answer.write(try enrich(arena, event));
    } else if (is(call, "validate-settings")) {
        const settings = try json.parseFromSliceLeaky(json.Value, arena, text, .{});
        if (settings != .object) return error.SettingsAreNoObject;
        try answer.write(.{ .problems = try validate(arena, settings.object) });
    } else if (is(call, "describe")) {
        try answer.write(.{
            .description = "Puts a partner's tier into the token",
            .version = "1.0.0",
            .calls = .{ "enrich", "validate-settings" },
        });
    } else {
        return error.UnknownCall;
    }
    try stdout.interface.flush();
}
