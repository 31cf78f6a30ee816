//! `banyan import products`: brings a shop's products in from a file, row by row, and says which rows it could not take.
//!
//! A row is upserted by its SKU in a transaction of its own: running the same file again changes nothing, and running it
//! again after an interruption goes on where it stopped.

mod columns;
mod csv_rows;
mod json_rows;
mod price;
pub mod report;
mod source;
mod wish;

use std::collections::HashMap;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use self::columns::Row;
use self::report::{BadRow, ImportError, Place, Report};
use self::wish::Wish;
use super::contexts::Contexts;
use super::operator::{Operator, explain};
use crate::domains::shared::ids::ProductId;
use crate::domains::shared::sku::Sku;
use crate::ports::catalog::operations::{ImportOutcome, ImportProduct, Imported, WriteProductError};
use crate::ports::inventory::operations::{ChangeStock, ChangeStockError, DEFAULT_LOCATION, GetStock, StockChange};
use crate::ports::shared::call_context::EffectMode;
use crate::ports::shared::clock::IdSource;
use crate::ports::shared::failure::Failure;
use crate::ports::shared::idempotency::IdempotencyKey;

/// How often a row is tried again when somebody else changes its product at the same moment.
const ATTEMPTS_AT_A_MOVING_PRODUCT: u32 = 3;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header line (RFC 4180).
    Csv,
    /// A list of objects.
    Json,
}

/// Imports a file.
///
/// The columns (or members; in whatever case) are:
///
/// | column | meaning |
/// |---|---|
/// | `sku` | the product's SKU; where it is absent, `ID-` and the value of `id` |
/// | `name` | needed; `brand`, if there is one, is put in front of it unless it stands there already |
/// | `price` | needed; a plain decimal number without more digits than the currency has |
/// | `currency` | ISO 4217; EUR where absent |
/// | `description`, `slug` | as the catalog has them |
/// | `active` | `true` or `false`; true where absent |
/// | `categories` | path from the root: `Food > Fruit`, or `Food/Fruit` without any `>`; in JSON also a list of names |
/// | `type` | name of a root category, taken as it is; used where `categories` is absent |
/// | `stock` | pieces to receive if there never was any stock of the product; otherwise ignored |
///
/// Other columns are ignored, and the report names them. A row says all that is to be said of its product: an absent
/// description empties it, an absent slug leaves it.
///
/// # Errors
/// [`ImportError`] when the file as a whole cannot be read, before anything is written, or when the shop is away; bad
/// rows are no errors, the report lists them.
pub fn run(
    contexts: &Contexts,
    ids: &dyn IdSource,
    file: &Path,
    format: Format,
    dry_run: bool,
    progress: &ProgressBar,
) -> Result<Report, ImportError> {
    let text = source::read(file)?;
    import_text(contexts, ids, &text, format, dry_run, progress)
}

/// Imports the contents of a file.
///
/// # Errors
/// As [`run`].
pub fn import_text(
    contexts: &Contexts,
    ids: &dyn IdSource,
    text: &str,
    format: Format,
    dry_run: bool,
    progress: &ProgressBar,
) -> Result<Report, ImportError> {
    let mut import = Import {
        contexts,
        operator: Operator::new(ids),
        mode: if dry_run { EffectMode::DryRun } else { EffectMode::Live },
        seen: HashMap::new(),
        report: Report::new(dry_run),
    };
    progress.set_length(u64::try_from(text.len()).unwrap_or(u64::MAX));
    let outcome = match format {
        Format::Csv => import.take_csv(text, progress),
        Format::Json => import.take_json(text, progress),
    };
    progress.finish_and_clear();
    outcome.map(|()| import.report)
}

/// A bar that counts the bytes of a file, on a terminal; nothing elsewhere.
pub fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {eta} to go") {
        Ok(style) => bar.with_style(style),
        // The default style does as well.
        Err(_bad_template) => bar,
    }
}

/// An import under way.
struct Import<'a> {
    contexts: &'a Contexts,
    operator: Operator<'a>,
    mode: EffectMode,
    /// Where each SKU stood first.
    seen: HashMap<Sku, Place>,
    report: Report,
}

/// Why a row does not get in.
enum Refused {
    /// It is bad: the reason.
    Bad(String),
    /// The shop is away or broken: the reason.
    Stop(String),
}

impl Import<'_> {
    fn take_csv(&mut self, text: &str, progress: &ProgressBar) -> Result<(), ImportError> {
        let (rows, ignored) = csv_rows::read(text)?;
        self.report.ignore_columns(ignored);
        for row in rows {
            progress.set_position(self.take(row?)?);
        }
        Ok(())
    }

    fn take_json(&mut self, text: &str, progress: &ProgressBar) -> Result<(), ImportError> {
        for row in json_rows::read(text)? {
            self.report.ignore_columns(row.ignored.iter().cloned());
            progress.set_position(self.take(row)?);
        }
        Ok(())
    }

    /// Takes a row in; returns where in the file it ends, in bytes.
    fn take(&mut self, row: Row) -> Result<u64, ImportError> {
        let Row {
            place, end_byte, cells, ..
        } = row;
        let mut sku = None;
        let done = cells
            .map_err(Refused::Bad)
            .and_then(|cells| {
                let known = wish::sku(&cells).map_err(Refused::Bad)?;
                sku = Some(known.clone());
                self.first_of_its_sku(&known, place).map_err(Refused::Bad)?;
                Wish::new(known, &cells).map_err(Refused::Bad)
            })
            .and_then(|wish| self.carry_out(&wish));
        match done {
            Ok(outcome) => self.report.count(outcome),
            Err(Refused::Bad(reason)) => self.report.add_bad(BadRow { place, sku, reason }),
            Err(Refused::Stop(reason)) => {
                return Err(ImportError::Stopped {
                    place,
                    reason,
                    so_far: Box::new(self.report.clone()),
                });
            }
        }
        Ok(end_byte)
    }

    /// Which of two rows of one SKU is meant is for a person to say: the later one is bad, whatever became of the first.
    fn first_of_its_sku(&mut self, sku: &Sku, place: Place) -> Result<(), String> {
        if let Some(first) = self.seen.get(sku) {
            return Err(format!("the SKU {sku} stands in {first} already"));
        }
        self.seen.insert(sku.clone(), place);
        Ok(())
    }

    fn carry_out(&mut self, wish: &Wish) -> Result<ImportOutcome, Refused> {
        let imported = self.import_product(&wish.product)?;
        if let (Some(pieces), Some(product_id), EffectMode::Live) = (wish.first_stock, imported.product_id, self.mode)
            && self.receive_first_stock(product_id, pieces)?
        {
            self.report.stocked += 1;
        }
        Ok(imported.outcome)
    }

    fn import_product(&self, op: &ImportProduct) -> Result<Imported, Refused> {
        let mut attempt = 1;
        loop {
            let mode = self.mode;
            let answer = self.operator.ask_with(&*self.contexts.catalog, op, |mut cx| {
                cx.effect_mode = mode;
                cx
            });
            match answer {
                Ok(imported) => return Ok(imported),
                Err(Failure::Domain(WriteProductError::VersionMismatch { .. }))
                    if attempt < ATTEMPTS_AT_A_MOVING_PRODUCT =>
                {
                    attempt += 1;
                }
                Err(Failure::Domain(error)) => return Err(Refused::Bad(write_error(error))),
                Err(other) => return Err(Refused::Stop(explain(&other))),
            }
        }
    }

    /// Receives stock of a product that never had any. Returns whether it did: stock is a fact that staff count, and a
    /// second run of the file must not add to it.
    fn receive_first_stock(&self, product_id: ProductId, pieces: i64) -> Result<bool, Refused> {
        let inventory = &*self.contexts.inventory;
        let levels = self
            .operator
            .ask(inventory, &GetStock { product_id })
            .map_err(|failure| Refused::Stop(explain(&failure)))?;
        if !levels.is_empty() {
            return Ok(false);
        }
        // Two imports at once may both come here: they use the same key, and one of them receives.
        let key: IdempotencyKey = format!("first-stock-{product_id}")
            .parse()
            .map_err(|error| Refused::Stop(format!("no key for {product_id}: {error}")))?;
        let op = ChangeStock {
            product_id,
            location: DEFAULT_LOCATION.to_owned(),
            change: StockChange::Receive(pieces),
            reason: "first stock, from the product import".to_owned(),
        };
        let answer = self.operator.ask_with(inventory, &op, |mut cx| {
            cx.idempotency_key = Some(key.clone());
            cx
        });
        match answer {
            Ok(_level) => Ok(true),
            Err(Failure::Domain(ChangeStockError::Invalid { field, reason })) => Err(Refused::Bad(format!(
                "the product is in, its stock is not: {field} {reason}"
            ))),
            Err(Failure::Domain(ChangeStockError::BelowReserved { .. })) => {
                Err(Refused::Bad("the product is in, its stock is not".to_owned()))
            }
            Err(other) => Err(Refused::Stop(explain(&other))),
        }
    }
}

fn write_error(error: WriteProductError) -> String {
    match error {
        WriteProductError::Invalid { field, reason } => format!("{field} {reason}"),
        WriteProductError::SlugTaken => "another product has this slug".to_owned(),
        WriteProductError::SkuTaken => "another product has this SKU".to_owned(),
        WriteProductError::UnknownCategory(slug) => format!("there is no category {slug}"),
        WriteProductError::NotFound => "the product vanished while it was written".to_owned(),
        WriteProductError::VersionMismatch { .. } => "somebody else keeps changing this product; run again".to_owned(),
    }
}
