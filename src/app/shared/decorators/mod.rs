//! What is done around every operation and is no business of any: written once, generic over the operation.

pub mod authorized;
pub mod deadline;
pub mod loopback;
pub mod traced;
