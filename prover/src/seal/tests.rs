use super::*;

/// A key pair: the file of its identity, and its recipient.
fn pair(folder: &Path, name: &str) -> (Identities, String) {
    let key = x25519::Identity::generate();
    let path = folder.join(name);
    let text = format!("# made by a test\n{}\n", key.to_string().expose_secret());
    fs::write(&path, text).unwrap();
    (
        Identities::read(&path).unwrap(),
        key.to_public().to_string(),
    )
}

fn recipients(lines: &[String]) -> Recipients {
    let mut recipients = Recipients::default();
    for line in lines {
        recipients.add(line.parse().unwrap());
    }
    recipients
}

#[test]
fn each_reads_its_own_shards_only() {
    let folder = tempfile::tempdir().unwrap();
    let (first, one) = pair(folder.path(), "one");
    let (second, two) = pair(folder.path(), "two");
    let (third, three) = pair(folder.path(), "three");
    let readers = recipients(&[format!("0-1={one}"), format!("2={two}"), three]);
    readers.check(3).unwrap();
    for (shard, reads) in [(0, true), (1, true), (2, false)] {
        let sealed = readers.seal_shard(shard, b"input").unwrap();
        assert_eq!(first.open(&sealed).is_ok(), reads, "{shard}");
        assert_eq!(second.open(&sealed).is_ok(), !reads, "{shard}");
        assert_eq!(third.open(&sealed).unwrap(), b"input");
        let nobody = Assembler::generate();
        assert_eq!(nobody.open(&sealed), Err(OpenError::Others));
    }
    let model = readers.seal_all(b"model").unwrap();
    for reader in [first, second, third] {
        assert_eq!(reader.open(&model).unwrap(), b"model");
    }
}

#[test]
fn every_shard_has_a_reader_and_every_reader_a_shard() {
    let folder = tempfile::tempdir().unwrap();
    let (_, one) = pair(folder.path(), "one");
    let unread = recipients(&[format!("0={one}"), format!("2={one}")]);
    let error = unread.check(3).unwrap_err().to_string();
    assert!(error.contains("no recipient reads shard 1 of 3"), "{error}");
    let beyond = recipients(&[one.clone(), format!("2-3={one}")]);
    let error = beyond.check(3).unwrap_err().to_string();
    assert!(error.contains("reads shard 3"), "{error}");
    Recipients::default().check(1).unwrap_err();
}

#[test]
fn refuses_every_byte_that_is_not_what_was_sealed() {
    let assembler = Assembler::generate();
    let sealed = assembler.recipient().seal(b"rows").unwrap();
    assert_eq!(assembler.open(&sealed).unwrap(), b"rows");
    for at in 0..sealed.len() {
        let mut other = sealed.clone();
        other[at] ^= 1;
        assert!(assembler.open(&other).is_err(), "byte {at}");
        assert!(assembler.open(&sealed[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn names_what_is_wrong_with_recipients_and_identities() {
    for (text, part) in [
        ("age1xyz", "age-keygen"),
        ("AGE-SECRET-KEY-1", "no recipient"),
        ("3-1=age1xyz", "3 comes after 1"),
        ("x=age1xyz", "\"x\""),
    ] {
        let error = text.parse::<Recipient>().err().unwrap();
        assert!(error.contains(part), "{text}: {error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let (_, one) = pair(folder.path(), "one");
    fs::write(&path, format!("# workers\n\n{one}\nage1nobody\n")).unwrap();
    let error = Recipients::default().read(&path).unwrap_err().to_string();
    assert!(error.contains("file, line 4: "), "{error}");
    for text in ["", "# nothing\n", "AGE-SECRET-KEY-1NOSUCHKEY\n", "\u{0}"] {
        fs::write(&path, text).unwrap();
        let error = Identities::read(&path).unwrap_err().to_string();
        assert!(error.contains("age-keygen"), "{text:?}: {error}");
        assert!(!error.contains("NOSUCHKEY"), "{error}");
    }
}

#[test]
fn a_work_folder_keeps_the_key_of_who_assembles() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Assembler::kept(folder.path()).unwrap().is_none());
    let made = Assembler::kept_or_new(folder.path()).unwrap();
    let kept = Assembler::kept_or_new(folder.path()).unwrap();
    assert_eq!(made.recipient(), kept.recipient());
    let key = AssemblerKey::parse(&made.recipient().to_string()).unwrap();
    assert_eq!(kept.open(&key.seal(b"rows").unwrap()).unwrap(), b"rows");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join(ASSEMBLER)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    }
    fs::write(folder.path().join(ASSEMBLER), "AGE-SECRET").unwrap();
    let error = Assembler::kept(folder.path()).unwrap_err();
    assert!(matches!(error, ProveError::DamagedJob { .. }), "{error}");
}
