//! Objects under a prefix, through the `object_store` crate.
//!
//! The crate repeats requests that fail on the way or at the server. Its calls are asynchronous: a
//! runtime of this thread waits for each.

use std::error::Error as _;
use std::fmt;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use crate::error::ProveError;

/// Objects under a prefix.
pub struct Objects {
    /// What a place is called: the URL without a slash at its end.
    url: String,
    prefix: Path,
    store: Box<dyn ObjectStore>,
    runtime: Runtime,
    /// Variables of the environment that hold the settings, for people.
    settings: &'static str,
}

impl Objects {
    /// The objects under a URL, with the settings of the environment.
    ///
    /// # Errors
    /// [`ProveError::Store`].
    pub fn open(url: &Url) -> Result<Self, ProveError> {
        let name = url.as_str().trim_end_matches('/').to_owned();
        let failed = |problem: String| ProveError::Store {
            place: name.clone(),
            problem,
            missing: false,
        };
        let prefix = Path::from_url_path(url.path())
            .map_err(|error| failed(format!("{error}; choose another prefix")))?;
        let settings = settings(url);
        let store = cloud::open(url)
            .map_err(|problem| failed(format!("{problem}; settings are read from {settings}")))?;
        Self::over(name.clone(), prefix, store, settings)
    }

    /// The objects under a prefix of a store.
    ///
    /// # Errors
    /// [`ProveError::Store`] when the system gives no runtime.
    pub(super) fn over(
        url: String,
        prefix: Path,
        store: Box<dyn ObjectStore>,
        settings: &'static str,
    ) -> Result<Self, ProveError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| ProveError::Store {
            place: url.clone(),
            problem: error.to_string(),
            missing: false,
        })?;
        Ok(Self {
            url,
            prefix,
            store,
            runtime,
            settings,
        })
    }

    /// The URL of an object.
    pub fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.url)
    }

    fn path(&self, name: &str) -> Path {
        self.prefix.clone().join(name)
    }

    /// The bytes of an object.
    ///
    /// # Errors
    /// [`ProveError::Store`], also where there is none.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, ProveError> {
        let path = self.path(name);
        let read = async { self.store.get(&path).await?.bytes().await };
        let bytes = self.runtime.block_on(read);
        Ok(bytes.map_err(|error| self.failed(name, &error))?.into())
    }

    /// The bytes of an object; none where there is none.
    ///
    /// # Errors
    /// [`ProveError::Store`].
    pub fn read_if_there(&self, name: &str) -> Result<Option<Vec<u8>>, ProveError> {
        match self.read(name) {
            Err(ProveError::Store { missing: true, .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Whether there is an object.
    ///
    /// # Errors
    /// [`ProveError::Store`].
    pub fn exists(&self, name: &str) -> Result<bool, ProveError> {
        let path = self.path(name);
        match self.runtime.block_on(self.store.head(&path)) {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.failed(name, &error)),
        }
    }

    /// Whether nothing has the prefix.
    ///
    /// # Errors
    /// [`ProveError::Store`].
    pub fn is_empty(&self) -> Result<bool, ProveError> {
        let mut found = self.store.list(Some(&self.prefix));
        let first = self.runtime.block_on(found.try_next());
        Ok(first.map_err(|error| self.failed("", &error))?.is_none())
    }

    /// Puts an object, in the place of one that is there.
    ///
    /// # Errors
    /// [`ProveError::Store`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ProveError> {
        let path = self.path(name);
        let put = self.store.put(&path, bytes.to_vec().into());
        let done = self.runtime.block_on(put);
        done.map(drop).map_err(|error| self.failed(name, &error))
    }

    /// Names the object, why, and what to do.
    fn failed(&self, name: &str, error: &Error) -> ProveError {
        let settings = self.settings;
        let missing = matches!(error, Error::NotFound { .. });
        let problem = match error {
            Error::NotFound { .. } => {
                "there is no such object or bucket; give the URL that `zkmargin plan` was given".to_owned()
            }
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => format!(
                "the store refuses the credentials ({}); they are read from {settings}, and need to read, write and list",
                cause(error)
            ),
            error => format!(
                "{}; see that the store can be reached and that it is the one of {settings}, and repeat the command",
                cause(error)
            ),
        };
        ProveError::Store {
            place: self.place(name).trim_end_matches('/').to_owned(),
            problem,
            missing,
        }
    }
}

/// What is at the bottom of an error, in one line.
fn cause(error: &Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let text = source.to_string();
        // Errors often say what is beneath them already.
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        next = source.source();
    }
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The variables that a store's settings are read from.
fn settings(url: &Url) -> &'static str {
    match url.scheme() {
        "gs" => "GOOGLE_* (GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_SERVICE_ACCOUNT)",
        "az" | "abfs" | "abfss" => {
            "AZURE_* (AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY)"
        }
        _ => "AWS_* (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT)",
    }
}

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl fmt::Debug for Objects {
    // Not the store: its settings have secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Objects").field(&self.url).finish()
    }
}

#[cfg(feature = "cloud")]
mod cloud {
    use object_store::aws::AmazonS3Builder;
    use object_store::azure::MicrosoftAzureBuilder;
    use object_store::gcp::GoogleCloudStorageBuilder;
    use object_store::ObjectStore;
    use url::Url;

    /// A client, with the settings of the environment.
    pub fn open(url: &Url) -> Result<Box<dyn ObjectStore>, String> {
        // Another library of this process may have chosen before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store: Result<Box<dyn ObjectStore>, _> = match url.scheme() {
            "gs" => GoogleCloudStorageBuilder::from_env()
                .with_url(url.as_str())
                .build()
                .map(|store| Box::new(store) as _),
            "az" | "abfs" | "abfss" => MicrosoftAzureBuilder::from_env()
                .with_url(url.as_str())
                .build()
                .map(|store| Box::new(store) as _),
            _ => AmazonS3Builder::from_env()
                .with_url(url.as_str())
                .build()
                .map(|store| Box::new(store) as _),
        };
        store.map_err(|error| error.to_string())
    }
}

#[cfg(not(feature = "cloud"))]
mod cloud {
    use object_store::ObjectStore;
    use url::Url;

    /// There are none in this build.
    pub fn open(_url: &Url) -> Result<Box<dyn ObjectStore>, String> {
        Err(
            "this program was built without object stores: build it with the feature `cloud`"
                .into(),
        )
    }
}
