//! The cost of an account against the number of accounts.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use clap::ValueEnum;
use plotters::prelude::*;

use crate::figures::Figures;
use crate::workload::Workload;

const SIZE: (u32, u32) = (760, 460);

/// Draws the figures into a file.
///
/// # Errors
/// When it cannot be written.
pub fn draw(figures: &Figures, path: &Path) -> Result<(), Box<dyn Error>> {
    let points = |workload: Workload| -> Vec<(f64, f64)> {
        let books = figures.books.iter();
        books
            .filter(|book| book.workload == workload)
            .map(|book| (book.book.accounts as f64, 1e3 / book.accounts_per_core_s))
            .collect()
    };
    let all: Vec<(f64, f64)> = Workload::value_variants()
        .iter()
        .flat_map(|w| points(*w))
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("Proving cost of an account", ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(
            around(all.iter().map(|(x, _)| *x)).log_scale(),
            around(all.iter().map(|(_, y)| *y)).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_labels(12)
        .y_labels(12)
        .x_desc("accounts of the book")
        .y_desc("core-milliseconds an account")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y}"))
        .light_line_style(BLACK.mix(0.05))
        .bold_line_style(BLACK.mix(0.15))
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .draw()?;
    let colours = [
        RGBColor(0, 90, 160),
        RGBColor(200, 90, 0),
        RGBColor(0, 130, 80),
    ];
    for (workload, colour) in Workload::value_variants().iter().zip(colours) {
        let points = points(*workload);
        if points.is_empty() {
            continue;
        }
        chart
            .draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?
            .label(workload.to_string())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart.draw_series(points.into_iter().map(|(accounts, cost)| {
            let says = format!("{accounts:.0}: {cost:.1} ms");
            EmptyElement::at((accounts, cost))
                + Circle::new((0, 0), 4, colour.filled())
                + Text::new(says, (-30, -18), ("sans-serif", 12).into_font())
        }))?;
    }
    chart
        .configure_series_labels()
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 13))
        .draw()?;
    root.present()?;
    Ok(())
}

/// A range with room on both sides, for a logarithmic axis.
fn around(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) = values.fold((f64::INFINITY, 0f64), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    low / 1.6..high * 1.6
}
