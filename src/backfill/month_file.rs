//! The file of a month: its series by family, and its bill. Each family is in the order of its
//! labels and readable by itself, so that 36 months can be read side by side.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::billing::history::{Bill, DayValues, Month};

/// The largest part. This program writes none that is larger.
const LARGEST_PART: u64 = 1 << 34;

/// The lengths of the parts of the file, and the facts of its month.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// The length of each family, in bytes.
    families: Vec<u64>,
    bill: u64,
    rows: u64,
    /// The billing accounts that its rows name.
    billing_accounts: BTreeSet<String>,
}

/// One series of a month.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct KeptSeries {
    pub(super) labels: Vec<String>,
    pub(super) values: DayValues,
}

/// Encodes a month with its number of rows and its billing accounts.
pub(super) fn bytes_of(
    month: &Month,
    rows: u64,
    billing_accounts: BTreeSet<String>,
) -> Result<Vec<u8>> {
    let (mut families, mut body) = (Vec::new(), Vec::new());
    for family in &month.families {
        let start = body.len();
        for (labels, values) in family {
            part(&mut body, &(labels, values))?;
        }
        families.push((body.len() - start) as u64);
    }
    let start = body.len();
    part(&mut body, &month.bill)?;
    let head = Head { families, bill: (body.len() - start) as u64, rows, billing_accounts };
    let mut bytes = Vec::new();
    part(&mut bytes, &head)?;
    bytes.append(&mut body);
    Ok(bytes)
}

/// Appends a value with its length before it.
fn part(bytes: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    let value = postcard::to_stdvec(value).context("a month cannot be encoded")?;
    bytes.extend((value.len() as u64).to_le_bytes());
    bytes.extend(value);
    Ok(())
}

/// A month on the disk.
#[derive(Debug)]
pub(super) struct KeptMonth {
    file: File,
    head: Head,
    /// The position of the first family.
    start: u64,
}

impl KeptMonth {
    pub(super) fn open(mut file: File) -> Result<Self> {
        let mut buffer = Vec::new();
        let length = read_part(&mut file, &mut buffer)?.context("it is empty")?;
        let head: Head = postcard::from_bytes(&buffer)?;
        let start = length + 8;
        let whole = start + head.families.iter().sum::<u64>() + head.bill;
        ensure!(file.metadata()?.len() == whole, "its length is not the one that its head states");
        Ok(Self { file, head, start })
    }

    /// Returns the number of rows that the month was made of.
    pub(super) fn rows(&self) -> u64 {
        self.head.rows
    }

    /// Returns the billing accounts that its rows name.
    pub(super) fn billing_accounts(&self) -> &BTreeSet<String> {
        &self.head.billing_accounts
    }

    /// Returns the bill of the month, which the next month needs.
    pub(super) fn bill(mut self) -> Result<Bill> {
        let start = self.start + self.head.families.iter().sum::<u64>();
        self.file.seek(SeekFrom::Start(start))?;
        let mut buffer = Vec::new();
        read_part(&mut self.file, &mut buffer)?.context("it has no bill")?;
        Ok(postcard::from_bytes(&buffer)?)
    }

    /// Returns the series of a family, in the order of their labels.
    pub(super) fn family(mut self, index: usize) -> Result<KeptFamily> {
        let length = *self.head.families.get(index).context("it lacks a family")?;
        let start = self.start + self.head.families[..index].iter().sum::<u64>();
        self.file.seek(SeekFrom::Start(start))?;
        Ok(KeptFamily { file: BufReader::new(self.file).take(length), buffer: Vec::new() })
    }
}

/// The series of a family in a month, read one by one.
pub(super) struct KeptFamily {
    file: std::io::Take<BufReader<File>>,
    buffer: Vec<u8>,
}

impl KeptFamily {
    pub(super) fn next(&mut self) -> Result<Option<KeptSeries>> {
        match read_part(&mut self.file, &mut self.buffer)? {
            Some(_) => Ok(Some(postcard::from_bytes(&self.buffer)?)),
            None => Ok(None),
        }
    }
}

/// Reads a value into a buffer; `None` at the end.
fn read_part(from: &mut impl Read, buffer: &mut Vec<u8>) -> Result<Option<u64>> {
    let mut length = [0; 8];
    let read = from.read(&mut length)?;
    if read == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[read..])?;
    let length = u64::from_le_bytes(length);
    ensure!(length <= LARGEST_PART, "a part of it would have {length} bytes");
    buffer.clear();
    from.take(length).read_to_end(buffer)?;
    ensure!(buffer.len() as u64 == length, "it is cut off");
    Ok(Some(length))
}
