//! `browse`: clients read one product again and again, as fast as the server answers.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::admin::Admin;
use crate::cli::BrowseOptions;
use crate::failure::Failure;
use crate::http::{HttpClient, Request};
use crate::latency::{in_ms, percentile};
use crate::run_id::key_prefix;

const PRICE_MINOR: u64 = 499;

#[derive(Serialize)]
struct Report {
    requests: usize,
    elapsed_us: u64,
    p50_us: u64,
    p99_us: u64,
}

pub fn run(options: &BrowseOptions) -> Result<(), Failure> {
    let server = &options.server;
    let slug = format!("browse-{}", key_prefix(server));
    let mut admin = Admin::log_in(
        &server.url,
        &server.admin_email,
        &server.admin_password,
        server.patience(),
    )?;
    admin.product(&slug, "What everybody looks at", PRICE_MINOR)?;

    let path = format!("/api/v1/products/{slug}");
    let each = options.requests.div_ceil(usize::from(options.clients));
    let started = Instant::now();
    let times: Vec<Result<Vec<u64>, Failure>> = thread::scope(|scope| {
        let clients: Vec<_> = (0..options.clients)
            .map(|_client| scope.spawn(|| read_often(&server.url, &path, each)))
            .collect();
        let joined = clients.into_iter().map(thread::ScopedJoinHandle::join);
        joined
            .map(|read| read.unwrap_or_else(|_panic| Err(Failure::Input("a client panicked".to_owned()))))
            .collect()
    });
    let elapsed_us = whole_us(started.elapsed());
    let mut sorted = Vec::new();
    for client in times {
        sorted.extend(client?);
    }
    sorted.sort_unstable();
    let report = Report {
        requests: sorted.len(),
        elapsed_us,
        p50_us: percentile(&sorted, 50),
        p99_us: percentile(&sorted, 99),
    };
    println!(
        "{} reads in {} ms; p50 {} ms, p99 {} ms",
        report.requests,
        in_ms(report.elapsed_us),
        in_ms(report.p50_us),
        in_ms(report.p99_us)
    );
    if let Some(path) = &options.report_json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| Failure::file(path, error.into()))?;
        std::fs::write(path, text + "\n").map_err(|source| Failure::file(path, source))?;
    }
    Ok(())
}

/// The time of each read in microseconds. Anything but a 200 ends the run: its times would mean nothing.
fn read_often(url: &str, path: &str, times: usize) -> Result<Vec<u64>, Failure> {
    let mut client = HttpClient::new(url);
    let request = Request::get(path);
    let mut taken = Vec::with_capacity(times);
    for _read in 0..times {
        let started = Instant::now();
        let answer = client
            .send(&request, None)
            .map_err(|error| Failure::no_answer("read a product", &error))?;
        if answer.status != 200 {
            return Err(Failure::unexpected("read a product", &answer));
        }
        taken.push(whole_us(started.elapsed()));
    }
    Ok(taken)
}

fn whole_us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
