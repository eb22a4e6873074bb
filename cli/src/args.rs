//! The command line, as types.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use zkmargin_prover::seal::{indices, Recipient};
use zkmargin_prover::store::Location;

const EXAMPLES: &str = "\
Examples:
  zkmargin demo                                        everything, on a small example
  zkmargin generate --profile retail --accounts 16000 --seed 1 --out book
  zkmargin check book                                  the statement in plain integers, no proof
  zkmargin setup --insecure -k 18 --out params.srs     parameters for trying out
  zkmargin prove book --params params.srs --out bundle --records records
  zkmargin verify bundle --allow-insecure-setup
  zkmargin record --records records --account alice@example > alice.json
  zkmargin verify-record alice.json bundle --identity alice@example --allow-insecure-setup

Data goes to standard output, logs and progress to standard error.
Exit codes: 0 valid, 1 something does not hold (or the verdict is uncovered or unmatched),
2 unusable input or arguments, 3 an internal or input/output failure.";

/// Zero-knowledge proofs that a derivatives exchange can meet its margin.
#[derive(Debug, Parser)]
#[command(name = "zkmargin", version, about, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order a newcomer meets them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs everything on a small example book: snapshot, setup, proof, verification, one customer's check.
    Demo(DemoArgs),
    /// Writes a synthetic snapshot in which quantities match and money is conserved.
    Generate(GenerateArgs),
    /// Evaluates the whole statement on a snapshot in plain integers; proves nothing.
    Check(CheckArgs),
    /// Imports KZG parameters of a ceremony and checks them, or writes the published insecure ones.
    Setup(SetupArgs),
    /// Proves a snapshot: writes a bundle to publish and the inclusion records.
    Prove(ProveArgs),
    /// Writes a job from which many machines can prove a snapshot, shard by shard.
    Plan(PlanArgs),
    /// Proves shards of a job.
    Shard(ShardArgs),
    /// Makes the bundle and the inclusion records from a job whose shards are proven.
    Assemble(AssembleArgs),
    /// Verifies a bundle.
    Verify(VerifyArgs),
    /// Prints the inclusion record of one account.
    Record(RecordArgs),
    /// Verifies one customer's inclusion record against a bundle.
    VerifyRecord(VerifyRecordArgs),
    /// Opens a bundle to the venue's auditor: counts, deficient pools, concentrations, a sample. Private.
    AuditorPack(AuditorPackArgs),
    /// Verifies a bundle, and an auditor's pack against it, item by item.
    Audit(AuditArgs),
    /// Shows what a file or bundle is: circuit, sizes, digests, compiled integers.
    Inspect(InspectArgs),
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Folder to keep the demo's files in; a temporary one when not given.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Shapes of synthetic books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProfileArg {
    /// 64 assets, 512 instruments; 3 assets and 5 positions an account on average.
    Retail,
    /// 64 assets, no instruments; 50 assets an account, some owed.
    Collateral50,
    /// 64 assets, 4,096 instruments; 200 positions an account.
    Desk,
    /// About 40 accounts that show every feature.
    Demo,
    /// The demo's accounts and others on a listing like a real venue's: 200 accounts.
    Venue,
}

/// Formats of the account table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// `accounts.csv`.
    Csv,
    /// `accounts.parquet`.
    Parquet,
}

/// Arguments of `generate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkmargin generate --accounts 16000 --seed 1 --out book
  zkmargin generate --profile desk --seed 7 --format parquet --out desk
  zkmargin generate --accounts 2000 --seed 1 --deficient 5 --bankrupt 1 --out stressed

The same seed and options give the same bytes. The folder gets snapshot.json, market.json, risk.json,
the account table and reserves.json, in which every coin's amount is what all accounts together hold.")]
pub struct GenerateArgs {
    /// Number of accounts, the house and fund accounts included [default: by profile].
    #[arg(long, value_name = "N")]
    pub accounts: Option<u64>,
    /// Shape of the book.
    #[arg(long, value_enum, default_value = "retail")]
    pub profile: ProfileArg,
    /// Seed of everything drawn.
    #[arg(long, value_name = "S")]
    pub seed: u64,
    /// Folder to write; made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Number of customers whose cross pool is deficient, the bankrupt ones included [default: as many as bankrupt, 1 for the demo].
    #[arg(long, value_name = "D")]
    pub deficient: Option<u64>,
    /// Number of customers whose cross pool is bankrupt.
    #[arg(long, value_name = "B", default_value_t = 0)]
    pub bankrupt: u64,
    /// Format of the account table.
    #[arg(long, value_enum, default_value = "csv")]
    pub format: FormatArg,
}

/// Which pools `check --json` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PoolsArg {
    /// Every pool.
    All,
    /// Pools with equity below maintenance.
    Deficient,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkmargin check book
  zkmargin check book --pools all --json > pools.json

Exits 0 whatever the verdict of a well-formed book, 2 when an input file is wrong; the error names file, line and field.")]
pub struct CheckArgs {
    /// The snapshot folder.
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: PathBuf,
    /// Which pools are listed.
    #[arg(long, value_enum, default_value = "deficient")]
    pub pools: PoolsArg,
    /// Folder for the part of a book that memory does not hold: a private file without a name, gone when the program ends [default: the system's for temporary files].
    #[arg(long, value_name = "DIR")]
    pub scratch: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `setup`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkmargin setup --ptau powersOfTau28_hez_final_18.ptau --out hermez-18.srs
  zkmargin setup --params kzg_bn254_18.srs --out hermez-18.srs
  zkmargin setup --insecure -k 18 --out insecure-18.srs

An import is checked in full: points on the curve, one tau in both groups, powers that follow each other.
The insecure parameters come from a published tau: anyone can forge proofs under them.")]
pub struct SetupArgs {
    /// Where the parameters come from.
    #[command(flatten)]
    pub source: SetupSource,
    /// Base-2 logarithm of the number of points; the file's own size when not given.
    #[arg(short, value_name = "K", required_if_eq("insecure", "true"))]
    pub k: Option<u32>,
    /// File to write.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Exactly one source of parameters.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct SetupSource {
    /// A `.ptau` file of snarkjs.
    #[arg(long, value_name = "FILE")]
    pub ptau: Option<PathBuf>,
    /// A raw halo2 parameter file.
    #[arg(long, value_name = "FILE")]
    pub params: Option<PathBuf>,
    /// The published insecure parameters.
    #[arg(long)]
    pub insecure: bool,
}

/// Arguments of `prove`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkmargin prove book --params params.srs --out bundle --records records
  openssl genpkey -algorithm ed25519 -out venue.pem && openssl pkey -in venue.pem -pubout -out venue.pub
  zkmargin prove book --params params.srs --out bundle --records records --sign venue.pem

The bundle is meant to be published and holds nothing private. The records are not: each goes to its customer only.
The bundle appears whole or not at all, and a finished one is never overwritten. Until then BUNDLE.partial holds what is
finished, and the secret that salts and places come from: keep it private. Started again with the same snapshot, an
interrupted run goes on from there; what differs is named, and --restart discards what there is.")]
pub struct ProveArgs {
    /// The snapshot folder.
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: PathBuf,
    /// KZG parameters, as `setup` writes them.
    #[arg(long, value_name = "FILE")]
    pub params: PathBuf,
    /// Folder of the bundle.
    #[arg(long, value_name = "BUNDLE")]
    pub out: PathBuf,
    /// Folder of the inclusion records.
    #[arg(long, value_name = "DIR")]
    pub records: PathBuf,
    /// Circuit shape [default: the cheapest that the book, the parameters and the memory at hand allow].
    #[arg(long, value_name = "NAME")]
    pub shape: Option<String>,
    /// Secret key that signs the statement: ed25519, as `openssl genpkey -algorithm ed25519` writes it.
    #[arg(long, value_name = "KEY.pem")]
    pub sign: Option<PathBuf>,
    /// File to keep what `auditor-pack` opens the bundle with. Whoever has it can tell where accounts stand.
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// Publishes the numbers of accounts and pools; otherwise only their salted digest is.
    #[arg(long)]
    pub publish_counts: bool,
    /// Discards what an interrupted run left and begins anew.
    #[arg(long)]
    pub restart: bool,
    /// Goes ahead even where there is clearly less memory than the proof takes.
    #[arg(long)]
    pub ignore_memory: bool,
    /// Appends what happens to a file, as it happens, a JSON object a line (docs/events.md).
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Folder for the part of a book that memory does not hold: a private file without a name, gone when the program ends [default: where BUNDLE stands].
    #[arg(long, value_name = "DIR")]
    pub scratch: Option<PathBuf>,
    /// Prints figures as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Where `--help` of the commands on jobs says that settings come from.
macro_rules! stores {
    ($help:literal) => {
        concat!(
            $help,
            "

JOB is a folder, or a prefix of an object store: s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX.
Settings of a store are read from the environment:
  s3://  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT, AWS_ALLOW_HTTP
         AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_FULL_URI
  gs://  GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_SERVICE_ACCOUNT
  az://  AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN
The machine's own role is asked where there are none; docs/jobs.md says more."
        )
    };
}

/// A path or URL of a job.
fn location() -> impl TypedValueParser<Value = Location> {
    OsStringValueParser::new().try_map(|text| Location::parse(&text))
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(after_help = stores!("\
Example, on three machines that share a folder:
  zkmargin plan book --params params.srs --job job --out bundle --records records
  zkmargin shard job --index 0-19 --params params.srs        on one
  zkmargin shard job --index 20-39 --params params.srs       on another
  zkmargin assemble book --params params.srs --job job --out bundle --records records

Example, over an object store, each worker with a key of its own (age-keygen -o worker.key):
  zkmargin plan book --params params.srs --job s3://bucket/epoch-7 --out bundle --records records \\
    --recipient 0-19=age1... --recipient 20-39=age1...

Without a recipient the job is in the plain: whoever has it sees the positions of every account, without names, and the
risk model. Give a worker the files of its own shards only (input-NNNNN.bin), and the others of the job. The secret that
places and salts come from stays in BUNDLE.partial, which `assemble` needs."))]
pub struct PlanArgs {
    /// What is proven.
    #[command(flatten)]
    pub prove: ProveArgs,
    /// Where the job is written: a folder, or a URL.
    #[arg(long, value_name = "JOB", value_parser = location())]
    pub job: Location,
    /// Encrypts the shards, or those from I to J, and the risk model, for a worker's age key. Can be repeated.
    #[arg(long, value_name = "[I-J=]age1...")]
    pub recipient: Vec<Recipient>,
    /// File with recipients, one a line as `--recipient` takes them. Can be repeated.
    #[arg(long, value_name = "FILE")]
    pub recipients_file: Vec<PathBuf>,
    /// Writes the job in the plain even to an object store.
    #[arg(long, conflicts_with_all = ["recipient", "recipients_file"])]
    pub plain: bool,
}

/// Arguments of `shard`.
#[derive(Debug, Args)]
#[command(after_help = stores!("\
Examples:
  zkmargin shard job --index 7 --params params.srs
  zkmargin shard job --index 0-19 --params params.srs
  zkmargin shard s3://bucket/epoch-7 --identity worker.key --params params.srs

Without --index the shard is the one that a scheduler names: ZKMARGIN_INDEX (I or I-J), or else JOB_COMPLETION_INDEX, as
Kubernetes sets it, or SLURM_ARRAY_TASK_ID.

Writes proof-NNNNN.bin and, private, free-NNNNN.bin to the job (free-NNNNN.sealed where the job is encrypted). A shard
whose proof is there and holds is not proven again, so the command can be repeated until it succeeds."))]
pub struct ShardArgs {
    /// The job: its folder or URL.
    #[arg(value_name = "JOB", value_parser = location())]
    pub job: Location,
    /// Which shards, from 0: one, or the first and last of several [default: what a scheduler's variable says].
    #[arg(long, value_name = "I[-J]", value_parser = indices)]
    pub index: Option<RangeInclusive<usize>>,
    /// The worker's key for an encrypted job: a file of age identities, as `age-keygen` writes it.
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// KZG parameters, as `setup` writes them.
    #[arg(long, value_name = "FILE")]
    pub params: PathBuf,
    /// Goes ahead even where there is clearly less memory than a proof takes.
    #[arg(long)]
    pub ignore_memory: bool,
    /// Appends what happens to a file, as it happens, a JSON object a line (docs/events.md).
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Prints figures as JSON, a line for each shard.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `assemble`.
#[derive(Debug, Args)]
#[command(after_help = stores!("\
Example:
  zkmargin assemble book --params params.srs --job job --out bundle --records records

The snapshot, --out and options are those that `plan` was given. Every proof is verified before it is used; shards that
lack one are named."))]
pub struct AssembleArgs {
    /// What was proven.
    #[command(flatten)]
    pub prove: ProveArgs,
    /// Where the job is: its folder or URL.
    #[arg(long, value_name = "JOB", value_parser = location())]
    pub job: Location,
}

/// Whom the user trusts: which setups are accepted, and who must have signed.
#[derive(Debug, Clone, Args)]
pub struct TrustArgs {
    /// KZG parameters, to remake a key that is not pinned.
    #[arg(long, value_name = "FILE")]
    pub params: Option<PathBuf>,
    /// Accepts proofs under the published insecure setup, which anyone can forge.
    #[arg(long)]
    pub allow_insecure_setup: bool,
    /// SHA-256 of the `[tau]G2` of another ceremony that you trust.
    #[arg(long, value_name = "HEX")]
    pub trust_setup: Option<String>,
    /// The venue's public key, which must have signed the statement: ed25519, as `openssl pkey -pubout` writes it.
    #[arg(long, value_name = "PUB.pem")]
    pub venue_key: Option<PathBuf>,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkmargin verify bundle
  zkmargin verify bundle --reserves reserves.json --prices prices.json --previous last-bundle --json
  zkmargin verify bundle --risk risk.json --allow-insecure-setup
  zkmargin verify bundle --venue-key venue.pub
  zkmargin verify wednesday --previous monday --previous tuesday

What was not asked for is shown as not_performed. An asked check that fails exits 1.
Of previous bundles the statements are read and held against each other, and what changed since the last of them is
shown; their proofs are not verified: that is a `verify` for each.")]
pub struct VerifyArgs {
    /// The bundle folder.
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// The risk model, when the bundle does not have it.
    #[arg(long, value_name = "FILE")]
    pub risk: Option<PathBuf>,
    /// The bundle of the epoch before. Given several times, in order of time, each must follow the one before it.
    #[arg(long, value_name = "BUNDLE")]
    pub previous: Vec<PathBuf>,
    /// Reserves per coin, to compare with what customers and fund are owed.
    #[arg(long, value_name = "FILE")]
    pub reserves: Option<PathBuf>,
    /// Outside prices, to compare with the market's.
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Greatest deviation from an outside price that passes.
    #[arg(long, value_name = "RATIO", default_value = "0.01")]
    pub tolerance: String,
    /// Whom the user trusts.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `record`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// Folder that `prove --records` wrote.
    #[arg(long, value_name = "DIR")]
    pub records: PathBuf,
    /// The account.
    #[arg(long, value_name = "ID")]
    pub account: String,
}

/// Arguments of `verify-record`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkmargin verify-record alice.json bundle --identity alice@example
  zkmargin verify-record alice.json bundle --identity alice@example --venue-key venue.pub

The identity is typed, never read from the record: the record must be of your account.
With --venue-key the record's own signature is checked first, and said to hold even where the bundle is another one:
keep the record and the bundle's statement.json, and they show what the venue signed.")]
pub struct VerifyRecordArgs {
    /// The inclusion record.
    #[arg(value_name = "RECORD")]
    pub record: PathBuf,
    /// The bundle folder.
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// Your identity, as the venue knows it.
    #[arg(long, value_name = "ID")]
    pub identity: String,
    /// Whom the user trusts.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `auditor-pack`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  zkmargin prove book --params params.srs --out bundle --records records --audit secret.json
  zkmargin auditor-pack book bundle --secret secret.json --sample-seed HEX --sample 200 --out pack.json

The auditor draws the seed (`openssl rand -hex 32`) and says it when the bundle is published, not before: who knows the
seed and chooses the places chooses what is drawn. The pack names accounts and what they hold: it is the auditor's only.")]
pub struct AuditorPackArgs {
    /// The snapshot folder that was proven.
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: PathBuf,
    /// The bundle folder.
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// The file that `prove --audit` wrote.
    #[arg(long, value_name = "FILE")]
    pub secret: PathBuf,
    /// The auditor's seed: 64 hex digits.
    #[arg(long, value_name = "HEX")]
    pub sample_seed: String,
    /// Slots that the auditor asks for.
    #[arg(long, value_name = "N")]
    pub sample: u64,
    /// File of the pack.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Folder for the part of a book that memory does not hold: a private file without a name, gone when the program ends [default: where the pack stands].
    #[arg(long, value_name = "DIR")]
    pub scratch: Option<PathBuf>,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkmargin audit pack.json bundle --sample-seed HEX --sample 200
  zkmargin audit pack.json bundle --risk risk.json --venue-key venue.pub --json

Seed and number are those that you asked for, never read from the pack. An item that fails exits 1.")]
pub struct AuditArgs {
    /// The pack.
    #[arg(value_name = "PACK")]
    pub pack: PathBuf,
    /// The bundle folder.
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// The seed that you asked for: 64 hex digits.
    #[arg(long, value_name = "HEX", requires = "sample")]
    pub sample_seed: Option<String>,
    /// The number of slots that you asked for.
    #[arg(long, value_name = "N", requires = "sample_seed")]
    pub sample: Option<u64>,
    /// The risk model, when the bundle does not have it.
    #[arg(long, value_name = "FILE")]
    pub risk: Option<PathBuf>,
    /// Whom the user trusts.
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A bundle or snapshot folder, or one of their files, an inclusion record, an auditor's pack, or parameters.
    #[arg(value_name = "BUNDLE|FILE")]
    pub path: PathBuf,
}
