//! What a type of the database is to JSON.

/// How values of a type are written and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    /// Of 64 bits at most.
    Integer,
    Float,
    Numeric,
    Json,
    Bytes,
    Timestamp,
    /// With an offset.
    TimestampTz,
    Array {
        of: Box<Kind>,
        delimiter: char,
    },
    /// Everything else is text, as PostgreSQL writes it.
    Text,
}

/// Where a type that is not built in is asked for: below, all are known here.
pub(super) const FIRST_OWN: u32 = 16_384;

/// A row of `pg_type`.
#[derive(Clone, Copy, Debug)]
pub(super) struct TypeRow {
    pub(super) oid: u32,
    /// Of a domain: the type it narrows; of all others 0.
    pub(super) base: u32,
    /// Of an array: the type of its elements; of all others 0.
    pub(super) element: u32,
    pub(super) delimiter: char,
}

impl Kind {
    /// A type that comes with PostgreSQL.
    pub(super) fn built_in(oid: u32) -> Self {
        if let Some(element) = element_of(oid) {
            return Kind::Array { of: Box::new(Self::built_in(element)), delimiter: ',' };
        }
        match oid {
            16 => Kind::Bool,
            // int8, int2, int4, oid, xid, cid.
            20 | 21 | 23 | 26 | 28 | 29 => Kind::Integer,
            700 | 701 => Kind::Float,
            1700 => Kind::Numeric,
            114 | 3802 => Kind::Json,
            17 => Kind::Bytes,
            1114 => Kind::Timestamp,
            1184 => Kind::TimestampTz,
            _ => Kind::Text,
        }
    }

    pub(super) fn of_row(row: &TypeRow) -> Self {
        if row.base != 0 {
            return Self::built_in(row.base);
        }
        if row.element != 0 && row.oid >= FIRST_OWN {
            return Kind::Array { of: Box::new(Self::built_in(row.element)), delimiter: row.delimiter };
        }
        Self::built_in(row.oid)
    }
}

/// The element type of each built-in array type that has a kind of its own or is common.
fn element_of(oid: u32) -> Option<u32> {
    Some(match oid {
        1000 => 16,
        1001 => 17,
        1002 => 18,
        1003 => 19,
        1005 => 21,
        1007 => 23,
        1009 => 25,
        1014 => 1042,
        1015 => 1043,
        1016 => 20,
        1021 => 700,
        1022 => 701,
        1028 => 26,
        1040 => 829,
        1041 => 869,
        651 => 650,
        1115 => 1114,
        1182 => 1082,
        1183 => 1083,
        1185 => 1184,
        1187 => 1186,
        1231 => 1700,
        1270 => 1266,
        199 => 114,
        2951 => 2950,
        3807 => 3802,
        2211 => 2206,
        _ => return None,
    })
}
