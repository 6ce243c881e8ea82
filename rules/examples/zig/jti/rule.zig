//! Gives every token a fresh random UUID, version 4, as its jti.

const std = @import("std");

/// Every call gets the same kind of answer, so neither the event on stdin nor the name of the call is read.
pub fn main(init: std.process.Init) !void {
    var bytes: [16]u8 = undefined;
    try init.io.randomSecure(&bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40; // Version 4.
    bytes[8] = bytes[8] & 0x3f | 0x80; // The variant of RFC 9562.

    var buffer: [256]u8 = undefined;
    var stdout = std.Io.File.stdout().writerStreaming(init.io, &buffer);
    try stdout.interface.print(
        \\{{"changes":[{{"op":"set_claim","name":"jti","value":"{x}-{x}-{x}-{x}-{x}"}}]}}
    , .{ bytes[0..4], bytes[4..6], bytes[6..8], bytes[8..10], bytes[10..] });
    try stdout.interface.flush();
}
