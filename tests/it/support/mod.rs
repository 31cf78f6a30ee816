//! What the tests of all contexts are built with.

pub mod broker;
pub mod certificates;
pub mod contract;
pub mod databases;
pub mod fixed;

pub mod failpoints;
pub mod faulty;
pub mod house;

pub mod app;
pub mod http;
pub mod processes;
pub mod topology;

pub mod internal_server;
pub mod lossy_proxy;
pub mod watched;
