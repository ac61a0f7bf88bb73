//! Transaction logs that the test kit writes, and real ones, are applied as they should be; a
//! second program, written from the specification alone, comes to the same bytes.

mod cases;
mod damage;
mod hives;
mod real;
mod table;
mod witness;
