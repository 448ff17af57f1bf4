//! The egress guard: which addresses an outbound URL may lead to. Every outbound URL goes through
//! [`EgressPolicy::resolve`], on each redirect again, and the connection is made to the addresses it returned.
//!
//! Always refused: link-local, cloud metadata, unspecified, multicast and reserved addresses, under every
//! spelling (numbers in other bases, IPv6 forms of IPv4 addresses) and behind every name. Loopback is refused
//! unless allowed by name; private networks are allowed unless the policy says otherwise. A server that an operator
//! named in a stored credential may be on either.

mod address;
mod allowed;
mod policy;

pub use address::AddressClass;
pub use allowed::AllowedHost;
pub use allowed::NotAHost;
pub use policy::EgressPolicy;
pub use policy::Pinned;
pub use policy::Refused;
