//! Close codes beyond RFC 6455's own. 4000–4099: come back; 4400–4499: do not.

/// The server is draining.
pub const DRAINING: u16 = 4000;
/// Nothing was heard from the client for too long.
pub const IDLE: u16 = 4001;
/// Nothing was heard from a worker for as long as its leases last; its tasks are given to others.
pub const LEASE: u16 = 4002;
/// Repeated invalid frames.
pub const INVALID: u16 = 4400;
/// Who this is was not proven, wrongly, or not any more: come back with other credentials.
pub const UNAUTHENTICATED: u16 = 4401;
/// The client is not allowed here.
pub const FORBIDDEN: u16 = 4403;
/// Too many frames in too short a time.
pub const FLOODING: u16 = 4429;
