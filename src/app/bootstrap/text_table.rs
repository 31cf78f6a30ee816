//! Rows in columns, for a terminal.

use std::fmt::Write as _;

/// One line each, in columns as wide as their widest cell. The last one has no width: whatever has no length that a column
/// could have goes there. Cells may hold anything, so control characters become spaces.
pub(super) fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let mut widths = [0_usize; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let cell = cell.replace(char::is_control, " ");
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_keep_to_one_line() {
        let rows = [["KEY", "WHAT"], ["a\nb", "long"], ["äöüä", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "KEY   WHAT\na b   long\näöüä\n");
    }
}
