//! What the cells are called: by the fields of the columns, and the kind of row they stand in.

use std::collections::BTreeMap;

use zkmargin_circuits::circuit::columns::Columns;
use zkmargin_circuits::layout::Layout;
use zkmargin_circuits::shape::{NODE_ROWS, SPARE_ROWS, WINDOW_ROWS};

/// A use of an advice column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Role {
    /// Path of the field.
    path: String,
    /// Its row in a window, of window cells.
    offset: Option<usize>,
}

/// The roles of all advice columns.
pub struct Roles {
    by_column: BTreeMap<usize, Vec<Role>>,
    layout: Layout,
    totals: usize,
}

impl Roles {
    /// The roles of a shape's columns.
    pub fn new(columns: &Columns, layout: &Layout) -> Self {
        let mut by_column: BTreeMap<usize, Vec<Role>> = BTreeMap::new();
        for (column, role) in fields(&format!("{columns:#?}")) {
            let roles = by_column.entry(column).or_default();
            let listed = ["free", "limbs", "second"].contains(&role.path.as_str());
            if !listed && !roles.contains(&role) {
                roles.push(role);
            }
        }
        Self {
            by_column,
            layout: layout.clone(),
            totals: layout.shape.total_rows(),
        }
    }

    /// The fields that a cell is, and the kind of its row.
    pub fn name(&self, column: usize, row: usize) -> (String, &'static str) {
        let roles = self.by_column.get(&column).map_or(&[][..], Vec::as_slice);
        let is = |prefix: &str| roles.iter().any(|role| role.path.starts_with(prefix));
        if is("hash.node") {
            return (self.join(roles, |_| true), self.node_kind(row));
        }
        if is("hash") {
            return (self.join(roles, |_| true), self.leaf_kind(row));
        }
        if is("totals") && !is("totals_helper") {
            let kind = match row {
                _ if row < self.totals => "totals",
                _ if row < self.totals + SPARE_ROWS => "spare",
                _ => "elsewhere",
            };
            return (self.join(roles, |_| true), kind);
        }
        let kind = self.kind(row);
        let table = |role: &Role| role.path.starts_with("table");
        let here = |role: &Role| {
            !table(role) && role.offset.is_none_or(|offset| offset == row % WINDOW_ROWS)
        };
        let name = if kind == "account" && roles.iter().any(here) {
            self.join(roles, here)
        } else if kind == "account" && !roles.iter().any(table) {
            "a cell of no window".into()
        } else if kind != "account" && roles.iter().all(|role| role.offset.is_some()) {
            "a cell of windows".into()
        } else if roles.iter().any(table) {
            self.join(roles, table)
        } else {
            self.join(roles, |_| true)
        };
        (name, kind)
    }

    fn join(&self, roles: &[Role], of: impl Fn(&Role) -> bool) -> String {
        let paths: Vec<_> = roles
            .iter()
            .filter(|role| of(role))
            .map(|role| role.path.as_str())
            .collect();
        paths.join(" ")
    }

    /// The kind of a row, for all columns but the hash and the totals.
    pub fn kind(&self, row: usize) -> &'static str {
        let layout = &self.layout;
        let segments = layout.shape.segments;
        if row < layout.capacity * WINDOW_ROWS {
            "account"
        } else if layout.weights().contains(&row) {
            "weights"
        } else if layout.blocks().contains(&row) {
            match (row - layout.blocks().start) % segments {
                0 => "block first",
                place if place + 1 == segments => "block last",
                _ => "block inner",
            }
        } else if layout.groups().contains(&row) {
            "group"
        } else if row == layout.null() {
            "null"
        } else {
            "below"
        }
    }

    /// The kind of a row in the lane of windows.
    fn leaf_kind(&self, row: usize) -> &'static str {
        match row % WINDOW_ROWS {
            _ if row >= self.layout.capacity * WINDOW_ROWS => "below",
            0 => "leaf words",
            place if place + 1 == WINDOW_ROWS => "last rounds",
            _ => "rounds",
        }
    }

    /// The kind of a row in the lane of tree and digests.
    fn node_kind(&self, row: usize) -> &'static str {
        let layout = &self.layout;
        let permutation = layout.capacity + row / NODE_ROWS;
        let mut levels = layout.levels.iter();
        match row % NODE_ROWS {
            _ if permutation >= layout.permutations() => "below",
            0 if levels.any(|level| level.contains(&permutation)) => "node words",
            0 => "digest words",
            place if place + 1 == NODE_ROWS => "hash",
            _ => "rounds",
        }
    }
}

/// The advice columns of a printed structure, with the path of the field each stands in.
fn fields(printed: &str) -> Vec<(usize, Role)> {
    let mut found = Vec::new();
    // Fields and types of the structures that are open.
    let mut open: Vec<(String, String)> = Vec::new();
    let (mut index, mut column, mut offset) = (None, None, None);
    for line in printed.lines().map(str::trim) {
        let (field, value) = line.split_once(": ").unwrap_or(("", line));
        match field {
            "index" => index = value.trim_end_matches(',').parse::<usize>().ok(),
            "offset" => offset = value.trim_end_matches(',').parse().ok(),
            "column_type" if value.starts_with("Advice") => column = index.take(),
            _ => {}
        }
        if let Some(kind) = value.strip_suffix(['{', '[', '(']) {
            open.push((field.to_owned(), kind.trim().to_owned()));
            continue;
        }
        if !value.starts_with(['}', ']', ')']) {
            continue;
        }
        let Some((own, kind)) = open.pop() else {
            continue;
        };
        let within = open.last().map_or("", |(_, kind)| kind.as_str());
        let cell = ["Free", "Limb", "Second"].contains(&kind.as_str()) && within != "WindowCell";
        if !cell && kind != "WindowCell" {
            continue;
        }
        let path: Vec<&str> = open
            .iter()
            .map(|(field, _)| field.as_str())
            .chain([own.as_str()])
            .filter(|field| !["", "column", "columns", "cells"].contains(field))
            .collect();
        if let Some(column) = column.take() {
            let (path, offset) = (path.join("."), offset.take());
            found.push((column, Role { path, offset }));
        }
    }
    found
}
