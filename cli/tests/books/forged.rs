//! False books, proven for real. A proof of a false book is a true proof about other numbers: it is
//! the published numbers that show the lie, to whoever compares them with the world. Each case says
//! who lies and what shows it, and asserts no more than the statement can show.
//!
//! The truth behind all of them: the mark went to 75,000. Ann, long one bitcoin from 40,000, has
//! 20,000 + 35,000 = 55,000; bob, short the same one, has 20,000 - 35,000 = -15,000, three times what
//! the fund of 5,000 can pay. Customers and fund brought 45,000 USDT and 2 BTC, all of which is there.

use serde_json::Value;

use crate::book::Book;
use crate::program::{status, Folder, INSECURE};

/// What is there, counted from outside.
const RESERVES: &str = r#"{ "USDT": "45000", "BTC": "2" }"#;

fn truth() -> Book {
    let mut book = Book::new(&[
        "ann,cross,USDT,20000,",
        "ann,cross,BTC-PERP,1,40000",
        "bob,cross,USDT,20000,",
        "bob,cross,BTC-PERP,-1,40000",
        "cid,cross,BTC,2,",
        "insurance,cross,USDT,5000,",
    ]);
    book.fund = vec!["insurance"];
    book.mark = "75000";
    book
}

/// What is compared with the world.
#[derive(Clone, Copy)]
enum Asked {
    Nothing,
    Reserves(&'static str),
    Prices(&'static str),
}

/// What comes of it.
#[derive(Clone, Copy)]
enum Shown {
    /// Exit 0: this question does not show the lie.
    Nothing,
    /// Exit 1, because of the verdict.
    ByVerdict,
    /// Exit 1, because the check that was asked for fails with this.
    ByCheck(&'static str),
}

struct Case {
    lie: fn(&mut Book),
    verdict: &'static str,
    /// Figures of the statement, by JSON pointer.
    figures: &'static [(&'static str, &'static str)],
    questions: &'static [(Asked, Shown)],
}

impl Case {
    /// Proves the book and asks.
    fn demand(&self) {
        let mut book = truth();
        (self.lie)(&mut book);
        let folder = Folder::of(&book);

        let checked = folder.check().ends(0).json();
        assert_eq!(checked["verdict"], self.verdict);
        let proven = folder.prove(&INSECURE).ends(0).json();
        assert_eq!(proven["statement"]["circuit"]["shape"], "tiny-11");
        for field in ["totals", "classes", "contracts", "market", "risk_model"] {
            assert_eq!(
                checked["statement"][field], proven["statement"][field],
                "{field}"
            );
        }
        for (pointer, value) in self.figures {
            let found = proven["statement"].pointer(pointer);
            assert_eq!(found, Some(&Value::from(*value)), "{pointer}");
        }

        for (asked, shown) in self.questions {
            let (option, name, text) = match asked {
                Asked::Nothing => (None, "", ""),
                Asked::Reserves(text) => (Some("--reserves"), "reserves", *text),
                Asked::Prices(text) => (Some("--prices"), "prices", *text),
            };
            let mut options = vec!["--allow-insecure-setup".into()];
            if let Some(option) = option {
                options.push(option.into());
                options.push(folder.file(&format!("{name}.json"), text).into_os_string());
            }
            let ran = folder.verify(&options);
            let report = ran.json();
            assert_eq!(report["statement"], proven["statement"]);
            // The proof holds in every case: the circuit was given no false witness.
            assert_eq!(status(&report, "proof"), "pass");
            assert_eq!(report["verdict"], self.verdict);
            let asked = |status_of: &str| {
                if option.is_some() {
                    assert_eq!(status(&report, name), status_of);
                }
            };
            match shown {
                Shown::Nothing => {
                    asked("pass");
                    ran.ends(0);
                }
                Shown::ByVerdict => {
                    asked("pass");
                    assert_eq!(report["valid"], true);
                    ran.ends(1).says(&format!(
                        "the proof holds, and the book is {}",
                        self.verdict
                    ));
                }
                Shown::ByCheck(detail) => {
                    asked("fail");
                    assert_eq!(report["valid"], false);
                    assert_eq!(report["basis"], "margin");
                    ran.ends(1)
                        .says(&format!("the check `{name}` failed: "))
                        .says(detail);
                }
            }
            for unasked in ["reserves", "prices"] {
                if unasked != name {
                    assert_eq!(status(&report, unasked), "not_performed");
                }
            }
        }
    }
}

/// Nobody lies: the book is uncovered, and says so. Reserves are just what is required.
#[test]
fn shows_the_truth() {
    Case {
        lie: |_| (),
        verdict: "uncovered",
        figures: &[
            ("/contracts/0/net", "0"),
            ("/classes/customer/bankruptcy", "15000"),
            ("/classes/customer/coins/0/claims", "55000"),
            ("/classes/customer/coins/0/debts", "15000"),
            ("/classes/fund/coins/0/claims", "5000"),
        ],
        questions: &[
            (Asked::Nothing, Shown::ByVerdict),
            (Asked::Reserves(RESERVES), Shown::ByVerdict),
            (
                Asked::Reserves(r#"{ "USDT": "44999.99999999", "BTC": "2" }"#),
                Shown::ByCheck("USDT 44999.99999999 of 45000"),
            ),
        ],
    }
    .demand();
}

/// The venue leaves out bob, who lost what it does not have. His counterparty stands alone.
#[test]
fn shows_a_losing_account_that_was_dropped() {
    Case {
        lie: |book| book.drop("bob"),
        verdict: "unmatched",
        figures: &[("/contracts/0/net", "1"), ("/contracts/0/long", "1")],
        questions: &[
            (Asked::Nothing, Shown::ByVerdict),
            (
                Asked::Reserves(RESERVES),
                Shown::ByCheck("USDT 45000 of 60000"),
            ),
        ],
    }
    .demand();
}

/// The venue gives bob 40,000 that nobody paid in: he is solvent, and claims exceed what is there.
#[test]
fn shows_a_balance_given_to_the_loser() {
    Case {
        lie: |book| book.replace("bob,cross,USDT,20000,", &["bob,cross,USDT,60000,"]),
        verdict: "solvent",
        figures: &[
            ("/contracts/0/net", "0"),
            ("/classes/customer/coins/0/claims", "80000"),
            ("/classes/customer/coins/0/debts", "0"),
        ],
        questions: &[
            (Asked::Nothing, Shown::Nothing),
            (
                Asked::Reserves(RESERVES),
                Shown::ByCheck("reserves fall short of required: USDT 45000 of 85000"),
            ),
        ],
    }
    .demand();
}

/// The venue says that bob entered at today's mark: his loss is gone, ann's gain is not.
#[test]
fn shows_a_loser_entered_again_at_the_mark() {
    Case {
        lie: |book| {
            book.replace(
                "bob,cross,BTC-PERP,-1,40000",
                &["bob,cross,BTC-PERP,-1,75000"],
            );
        },
        verdict: "solvent",
        figures: &[
            ("/contracts/0/net", "0"),
            ("/classes/customer/bankruptcy", "0"),
        ],
        questions: &[
            (Asked::Nothing, Shown::Nothing),
            (
                Asked::Reserves(RESERVES),
                Shown::ByCheck("USDT 45000 of 80000"),
            ),
        ],
    }
    .demand();
}

/// The venue invents a trade: the fund bought at 55,000 from a house account that sold at 75,000.
/// Quantities match, the fund has gained 20,000, and nobody has lost them. Less the 4,050 that the
/// position requires, the fund covers bob.
#[test]
fn shows_a_phantom_pair_with_false_entry_prices() {
    Case {
        lie: |book| {
            book.house = vec!["prop-9"];
            book.add(&[
                "insurance,cross,BTC-PERP,1,55000",
                "prop-9,cross,USDT,10000,",
                "prop-9,cross,BTC-PERP,-1,75000",
            ]);
        },
        verdict: "covered",
        figures: &[
            ("/contracts/0/net", "0"),
            ("/contracts/0/long", "2"),
            ("/classes/fund/equity_positive", "25000"),
            ("/classes/fund/maintenance", "4050"),
        ],
        questions: &[
            (Asked::Nothing, Shown::Nothing),
            (
                Asked::Reserves(RESERVES),
                Shown::ByCheck("USDT 45000 of 65000"),
            ),
        ],
    }
    .demand();
}

/// The same trade at one price: money is conserved, so reserves show nothing, and the phantom
/// seller's loss is one more that the fund has to cover.
#[test]
fn shows_a_phantom_pair_whose_loser_is_there() {
    Case {
        lie: |book| {
            book.add(&[
                "insurance,cross,BTC-PERP,1,55000",
                "zed,cross,BTC-PERP,-1,55000",
            ]);
        },
        verdict: "uncovered",
        figures: &[
            ("/contracts/0/net", "0"),
            ("/classes/customer/bankruptcy", "35000"),
        ],
        questions: &[
            (Asked::Nothing, Shown::ByVerdict),
            (Asked::Reserves(RESERVES), Shown::ByVerdict),
        ],
    }
    .demand();
}

/// The venue fills the fund with 6,000 of its own token, at a price and a weight of its choice. If
/// they do not exist, the reserves of that coin show it, and of that coin alone. If they do, because
/// whoever issues a token can always have more, reserves cannot show it: what does are the price in
/// the public market, against one from outside, and that the fund's claims are published by coin.
#[test]
fn shows_a_fund_of_the_venues_own_token() {
    Case {
        lie: |book| book.add(&["insurance,cross,TOK,6000,"]),
        verdict: "covered",
        figures: &[
            ("/classes/fund/equity_positive", "17000"),
            ("/classes/fund/coins/0/claims", "5000"),
            ("/classes/fund/coins/2/id", "TOK"),
            ("/classes/fund/coins/2/claims", "6000"),
        ],
        questions: &[
            (Asked::Nothing, Shown::Nothing),
            (
                Asked::Reserves(RESERVES),
                Shown::ByCheck("reserves fall short of required: TOK 0 of 6000"),
            ),
            (
                Asked::Reserves(r#"{ "USDT": "45000", "BTC": "2", "TOK": "6000" }"#),
                Shown::Nothing,
            ),
            (
                Asked::Prices(r#"{ "TOK": "0.05" }"#),
                Shown::ByCheck("TOK at 2 against 0.05 (39)"),
            ),
            (Asked::Prices(r#"{ "TOK": "2" }"#), Shown::Nothing),
        ],
    }
    .demand();
}

/// The venue speaks of a fund and has none in its book.
#[test]
fn shows_a_fund_that_is_not_there() {
    Case {
        lie: |book| {
            book.fund.clear();
            book.drop("insurance");
        },
        verdict: "uncovered",
        figures: &[
            ("/classes/fund/equity_positive", "0"),
            ("/classes/customer/bankruptcy", "15000"),
        ],
        questions: &[
            (Asked::Nothing, Shown::ByVerdict),
            (
                Asked::Reserves(r#"{ "USDT": "40000", "BTC": "2" }"#),
                Shown::ByVerdict,
            ),
        ],
    }
    .demand();
}

/// The venue marks the perpetual at 50,000, where bob still has 10,000. Gains and losses shrink
/// alike, so reserves show nothing; the price is public, and names the symbol.
#[test]
fn shows_a_mark_that_is_not_the_markets() {
    Case {
        lie: |book| book.mark = "50000",
        verdict: "solvent",
        figures: &[
            ("/contracts/0/net", "0"),
            ("/classes/customer/coins/0/claims", "40000"),
        ],
        questions: &[
            (Asked::Nothing, Shown::Nothing),
            (Asked::Reserves(RESERVES), Shown::Nothing),
            (
                Asked::Prices(r#"{ "USDT": "1.0001", "BTC": "75010", "BTC-PERP": "75000" }"#),
                Shown::ByCheck("BTC-PERP at 50000 against 75000 (0.333334)"),
            ),
        ],
    }
    .demand();
}

/// The venue splits a balance or a position within a pool, to be charged for small ones. The reader
/// refuses the second row. That a witness which has it all the same proves nothing is shown in
/// `tests/soundness/holding.rs`: "a balance split within a pool", "a position split within a pool",
/// "a balance split over two windows of a pool" and "a split balance under keys of its own".
#[test]
fn refuses_a_symbol_twice_in_a_pool() {
    for (row, halves, line) in [
        (
            "cid,cross,BTC,2,",
            ["cid,cross,BTC,1,", "cid,cross,BTC,1,"],
            7,
        ),
        (
            "bob,cross,BTC-PERP,-1,40000",
            [
                "bob,cross,BTC-PERP,-0.5,40000",
                "bob,cross,BTC-PERP,-0.5,40000",
            ],
            6,
        ),
    ] {
        let mut book = truth();
        book.replace(row, &halves);
        refuses(&book, &[&format!("accounts.csv:{line}: symbol: ")]);
    }
}

/// The venue names a fund that holds nothing.
#[test]
fn refuses_a_fund_without_an_account() {
    let mut book = truth();
    book.drop("insurance");
    refuses(
        &book,
        &["classes.fund: account \"insurance\" is not in the accounts file"],
    );
}

/// No figures, no proof and no records come of the book.
fn refuses(book: &Book, reasons: &[&str]) {
    let folder = Folder::of(book);
    for ran in [folder.check(), folder.prove(&INSECURE)] {
        let ran = ran.ends(2);
        assert!(ran.out.is_empty(), "{}", ran.out);
        reasons.iter().fold(ran, |ran, reason| ran.says(reason));
    }
    assert!(!folder.at("bundle").exists());
    assert!(!folder.at("records").exists());
}
