//! Accounts as the statement sees them: pools of holdings in integers.

/// Class of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A customer.
    Customer,
    /// The venue's own account.
    House,
    /// The insurance fund.
    Fund,
}

impl Class {
    /// All classes, in the statement's order.
    pub const ALL: [Class; 3] = [Class::Customer, Class::House, Class::Fund];

    /// Place in [`Class::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// Name as in the files.
    pub fn name(self) -> &'static str {
        match self {
            Class::Customer => "customer",
            Class::House => "house",
            Class::Fund => "fund",
        }
    }
}

/// An asset's `base` in quanta, or an instrument's quantity in lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Market row, from 1.
    pub row: u16,
    /// Asset: `base`, the balance less the costs of the pool's positions settled in it, rounded down.
    /// Instrument: signed quantity in lots.
    pub amount: i128,
}

/// A unit that must stand alone. Holds every asset its positions settle in, even at base 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Name as in the file, e.g. `cross`.
    pub name: String,
    /// In strictly rising row order.
    pub holdings: Vec<Holding>,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The customer's identity as the venue knows it.
    pub id: String,
    /// Class.
    pub class: Class,
    /// In order of name, at least one.
    pub pools: Vec<Pool>,
}
