//! Which addresses a rule may reach. Names say nothing about that: what counts is where a connection would go.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of address one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It is anybody's.
    Public,
    /// It takes `http.private = true`; the word says why.
    Private(&'static str),
    /// It gives machines their credentials: no rule reaches it, whatever its manifest says.
    Metadata,
}

/// Looks an address up in the registries of special addresses (RFC 6890 and what came after it). Forms of IPv6 that carry
/// an IPv4 address are never kinder than that address.
pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    if METADATA_V4.iter().any(|block| within_v4(address, *block)) {
        return Reach::Metadata;
    }
    let blocks = PRIVATE_V4.iter();
    let found = blocks
        .copied()
        .find(|(block, _)| within_v4(address, *block));
    found.map_or(Reach::Public, |(_, word)| Reach::Private(word))
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if METADATA_V6.contains(&address) {
        return Reach::Metadata;
    }
    let embedded = embedded_v4(address).map(|(inner, word)| (reach_v4(inner), word));
    match embedded {
        Some((Reach::Metadata, _)) => return Reach::Metadata,
        // The way out of a network that has IPv6 alone: the world's IPv4 addresses look like this there.
        Some((inner, NAT64)) => return inner,
        Some((_, word)) => return Reach::Private(word),
        None => {}
    }
    let blocks = PRIVATE_V6.iter();
    let found = blocks
        .copied()
        .find(|(block, _)| within_v6(address, *block));
    match found {
        Some((_, word)) => Reach::Private(word),
        // Nothing outside this block has been given to anybody.
        None if within_v6(address, GLOBAL_V6) => Reach::Public,
        None => Reach::Private("reserved"),
    }
}

/// The IPv4 address inside an IPv6 address, and the name of the form it has there.
fn embedded_v4(address: Ipv6Addr) -> Option<(Ipv4Addr, &'static str)> {
    let octets = address.octets();
    let at = |start: usize| {
        let part = &octets[start..start + 4];
        Ipv4Addr::new(part[0], part[1], part[2], part[3])
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] => Some((at(12), "IPv4-mapped")),
        [0, 0, 0, 0, 0xffff, 0, ..] => Some((at(12), "IPv4-translated")),
        [0, 0, 0, 0, 0, 0, high, _] if high > 0 => Some((at(12), "IPv4-compatible")),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some((at(12), NAT64)),
        [0x64, 0xff9b, 1, ..] => Some((at(12), "local NAT64")),
        [0x2002, ..] => Some((at(2), "6to4")),
        // Teredo turns the bits of the client's address over.
        [0x2001, 0, ..] => Some(((!u32::from(at(12))).into(), "Teredo")),
        [_, _, _, _, 0 | 0x200, 0x5efe, ..] => Some((at(12), "ISATAP")),
        _ => None,
    }
}

/// An address and how many of its first bits stand for the block.
type BlockV4 = ([u8; 4], u32);
type BlockV6 = ([u16; 8], u32);

fn within_v4(address: Ipv4Addr, (block, bits): BlockV4) -> bool {
    let differs = u32::from(address) ^ u32::from(Ipv4Addr::from(block));
    differs.leading_zeros() >= bits
}

fn within_v6(address: Ipv6Addr, (block, bits): BlockV6) -> bool {
    let differs = u128::from(address) ^ u128::from(Ipv6Addr::from(block));
    differs.leading_zeros() >= bits
}

const NAT64: &str = "NAT64";

const METADATA_V4: &[BlockV4] = &[
    ([169, 254, 169, 0], 24), // AWS, Azure, Google, Oracle, DigitalOcean, OpenStack
    ([169, 254, 170, 0], 24), // AWS containers (ECS, EKS)
    ([100, 100, 100, 200], 32), // Alibaba
    ([192, 0, 0, 192], 32),   // Oracle, earlier
    ([168, 63, 129, 16], 32), // Azure's host
];

const METADATA_V6: &[Ipv6Addr] = &[
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), // AWS
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),  // AWS EKS
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253), // AWS's resolver
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),  // Google
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe), // OpenStack
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe), // Oracle
];

const PRIVATE_V4: &[(BlockV4, &str)] = &[
    (([0, 0, 0, 0], 8), "unspecified"),
    (([10, 0, 0, 0], 8), "private"),
    (([100, 64, 0, 0], 10), "shared (CGNAT)"),
    (([127, 0, 0, 0], 8), "loopback"),
    (([169, 254, 0, 0], 16), "link-local"),
    (([172, 16, 0, 0], 12), "private"),
    (([192, 0, 0, 0], 24), "reserved"),
    (([192, 0, 2, 0], 24), "documentation"),
    (([192, 88, 99, 0], 24), "6to4 relay"),
    (([192, 168, 0, 0], 16), "private"),
    (([198, 18, 0, 0], 15), "benchmarking"),
    (([198, 51, 100, 0], 24), "documentation"),
    (([203, 0, 113, 0], 24), "documentation"),
    (([224, 0, 0, 0], 4), "multicast"),
    (([255, 255, 255, 255], 32), "broadcast"),
    (([240, 0, 0, 0], 4), "reserved"),
];

const PRIVATE_V6: &[(BlockV6, &str)] = &[
    (([0, 0, 0, 0, 0, 0, 0, 0], 128), "unspecified"),
    (([0, 0, 0, 0, 0, 0, 0, 1], 128), "loopback"),
    (([0x100, 0, 0, 0, 0, 0, 0, 0], 64), "discard"),
    (([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "reserved"),
    (([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "documentation"),
    (([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "documentation"),
    (([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "unique-local"),
    (([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "link-local"),
    (([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "site-local"),
    (([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast"),
];

const GLOBAL_V6: BlockV6 = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn each_is(addresses: &[&str], expected: Reach) {
        for address in addresses {
            let found = reach(address.parse().unwrap());
            assert_eq!(found, expected, "{address}");
        }
    }

    #[test]
    fn the_worlds_addresses_are_public() {
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001:81b::200e",
            "64:ff9b::8.8.8.8",
        ];
        each_is(&public, Reach::Public);
    }

    #[test]
    fn what_is_nearby_takes_a_grant() {
        each_is(&["10.0.0.0", "10.255.255.255"], Reach::Private("private"));
        each_is(&["172.16.0.1", "172.31.255.255"], Reach::Private("private"));
        each_is(
            &["192.168.0.1", "192.168.255.255"],
            Reach::Private("private"),
        );
        each_is(
            &["127.0.0.1", "127.255.255.255", "::1"],
            Reach::Private("loopback"),
        );
        each_is(&["0.0.0.0", "0.1.2.3", "::"], Reach::Private("unspecified"));
        each_is(
            &["169.254.0.1", "169.254.255.255", "fe80::1"],
            Reach::Private("link-local"),
        );
        each_is(
            &["100.64.0.1", "100.127.255.255"],
            Reach::Private("shared (CGNAT)"),
        );
        each_is(&["fc00::1", "fd12:3456::1"], Reach::Private("unique-local"));
        each_is(
            &["224.0.0.1", "239.255.255.255", "ff02::1"],
            Reach::Private("multicast"),
        );
        each_is(&["255.255.255.255"], Reach::Private("broadcast"));
        each_is(
            &["240.0.0.1", "192.0.0.8", "2001:2::1", "4000::1", "5f00::1"],
            Reach::Private("reserved"),
        );
        each_is(
            &["198.18.0.1", "198.19.255.255"],
            Reach::Private("benchmarking"),
        );
        each_is(
            &["192.0.2.1", "198.51.100.1", "203.0.113.1"],
            Reach::Private("documentation"),
        );
        each_is(&["2001:db8::1", "3fff::1"], Reach::Private("documentation"));
        each_is(&["fec0::1"], Reach::Private("site-local"));
        each_is(&["100::1"], Reach::Private("discard"));
        each_is(&["192.88.99.1"], Reach::Private("6to4 relay"));
    }

    #[test]
    fn ipv6_forms_of_ipv4_addresses_are_never_kinder() {
        each_is(
            &["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:7f00:1"],
            Reach::Private("IPv4-mapped"),
        );
        each_is(&["::ffff:0:127.0.0.1"], Reach::Private("IPv4-translated"));
        each_is(
            &["::127.0.0.1", "::8.8.8.8"],
            Reach::Private("IPv4-compatible"),
        );
        each_is(&["64:ff9b::127.0.0.1"], Reach::Private("loopback"));
        each_is(&["64:ff9b::10.1.2.3"], Reach::Private("private"));
        each_is(&["64:ff9b:1::8.8.8.8"], Reach::Private("local NAT64"));
        each_is(
            &["2002:7f00:1::", "2002:808:808::1"],
            Reach::Private("6to4"),
        );
        each_is(&["2001:0:1::1"], Reach::Private("Teredo"));
        each_is(&["2606:4700::5efe:127.0.0.1"], Reach::Private("ISATAP"));
    }

    #[test]
    fn metadata_services_are_out_of_reach_in_every_form() {
        let metadata = [
            "169.254.169.254",
            "169.254.169.253",
            "169.254.170.2",
            "169.254.170.23",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "fe80::a9fe:a9fe",
            "::ffff:169.254.169.254",
            "::ffff:0:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::169.254.169.254",
            "2002:a9fe:a9fe::",
            "2001:0:1::5601:5601",
            "fe80::5efe:169.254.169.254",
        ];
        each_is(&metadata, Reach::Metadata);
    }
}
