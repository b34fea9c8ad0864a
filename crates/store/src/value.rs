//! The four kinds of values both engines know, and the statements they are bound to.

use crate::{Sql, StoreError};
use model::{Address, Conflict, ConnectionId, Micros, OrganisationId};
use std::fmt;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, WrongType, to_sql_checked};

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Null,
}

/// The kind only: values may be secrets, and drivers log parameters.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int(_) => "int",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Null => "null",
        })
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Micros> for Value {
    fn from(value: Micros) -> Self {
        Self::Int(value.0)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&Address> for Value {
    fn from(value: &Address) -> Self {
        Self::Text(value.as_str().to_owned())
    }
}

impl From<&ConnectionId> for Value {
    fn from(value: &ConnectionId) -> Self {
        Self::Text(value.as_str().to_owned())
    }
}

impl From<&OrganisationId> for Value {
    fn from(value: &OrganisationId) -> Self {
        Self::Text(value.as_str().to_owned())
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A query with its values.
pub(crate) struct Query {
    pub sql: &'static Sql,
    pub values: Vec<Value>,
}

/// How many rows a statement of a plan must touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    Any,
    One(Conflict),
}

/// A statement of a plan with its values.
pub(crate) struct Bound {
    pub sql: &'static Sql,
    pub values: Vec<Value>,
    pub expect: Expect,
}

impl Bound {
    /// The conflict that a count of touched rows means.
    pub fn check(&self, count: u64) -> Result<u64, StoreError> {
        match self.expect {
            Expect::One(conflict) if count != 1 => Err(StoreError::Conflict(conflict)),
            Expect::One(_) | Expect::Any => Ok(count),
        }
    }
}

/// One answered row, read from left to right.
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    pub fn values(self) -> Vec<Value> {
        self.0.collect()
    }

    fn next(&mut self) -> Result<Value, StoreError> {
        self.0.next().ok_or_else(|| corrupt("a row is too short"))
    }

    pub fn opt_int(&mut self) -> Result<Option<i64>, StoreError> {
        match self.next()? {
            Value::Int(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            Value::Text(_) | Value::Bytes(_) => Err(corrupt("a column does not hold an integer")),
        }
    }

    pub fn opt_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.next()? {
            Value::Text(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            Value::Int(_) | Value::Bytes(_) => Err(corrupt("a column does not hold text")),
        }
    }

    pub fn opt_bytes(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.next()? {
            Value::Bytes(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            Value::Int(_) | Value::Text(_) => Err(corrupt("a column does not hold bytes")),
        }
    }

    pub fn int(&mut self) -> Result<i64, StoreError> {
        self.opt_int()?.ok_or_else(|| corrupt("an integer is missing"))
    }

    pub fn text(&mut self) -> Result<String, StoreError> {
        self.opt_text()?.ok_or_else(|| corrupt("a text is missing"))
    }

    pub fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        self.opt_bytes()?.ok_or_else(|| corrupt("bytes are missing"))
    }

    pub fn time(&mut self) -> Result<Micros, StoreError> {
        self.int().map(Micros)
    }

    pub fn opt_time(&mut self) -> Result<Option<Micros>, StoreError> {
        Ok(self.opt_int()?.map(Micros))
    }

    pub fn digest(&mut self) -> Result<[u8; 32], StoreError> {
        self.bytes()?.try_into().map_err(|_| corrupt("a digest does not have 32 bytes"))
    }

    pub fn id<T>(&mut self, from: fn(&[u8]) -> Option<T>) -> Result<T, StoreError> {
        from(&self.bytes()?).ok_or_else(|| corrupt("an id does not have 16 bytes"))
    }

    pub fn opt_id<T>(&mut self, from: fn(&[u8]) -> Option<T>) -> Result<Option<T>, StoreError> {
        self.opt_bytes()?.map(|bytes| from(&bytes).ok_or_else(|| corrupt("an id does not have 16 bytes"))).transpose()
    }

    /// A text that one of our types must be able to read.
    pub fn parsed<T>(&mut self, what: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
        let text = self.text()?;
        parse(&text).ok_or_else(|| corrupt(what))
    }

    pub fn opt_parsed<T>(
        &mut self,
        what: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.opt_text()?.map(|text| parse(&text).ok_or_else(|| corrupt(what))).transpose()
    }
}

/// An answer that does not have the shape every version of this store writes.
pub(crate) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
            Self::Null => ValueRef::Null,
        }))
    }
}

impl rusqlite::types::FromSql for Value {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        use rusqlite::types::{FromSqlError, ValueRef};
        Ok(match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(value) => Self::Int(value),
            ValueRef::Text(_) => Self::Text(value.as_str()?.to_owned()),
            ValueRef::Blob(value) => Self::Bytes(value.to_vec()),
            ValueRef::Real(_) => return Err(FromSqlError::InvalidType),
        })
    }
}

type DriverError = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, DriverError> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *ty == Type::INT8 => value.to_sql(ty, out),
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Text(value) if *ty == Type::TEXT => value.to_sql(ty, out),
            Self::Bytes(value) if *ty == Type::BYTEA => value.to_sql(ty, out),
            Self::Int(_) | Self::Text(_) | Self::Bytes(_) => Err(Box::new(WrongType::new::<Self>(ty.clone()))),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, DriverError> {
        match *ty {
            Type::INT8 => i64::from_sql(ty, raw).map(Self::Int),
            Type::INT4 => i32::from_sql(ty, raw).map(|value| Self::Int(value.into())),
            Type::TEXT => String::from_sql(ty, raw).map(Self::Text),
            Type::BYTEA => Vec::<u8>::from_sql(ty, raw).map(Self::Bytes),
            _ => Err(Box::new(WrongType::new::<Self>(ty.clone()))),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, DriverError> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
