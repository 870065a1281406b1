//! The file of a month: its series by family, each family in the order of its labels and readable
//! by itself, so that 36 of them can be gone through side by side; and its bill.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::billing::history::{Bill, DayValues, Month};

/// Larger parts are none of ours.
const LARGEST_PART: u64 = 1 << 34;

/// Where the parts of the file end, from its beginning; and what they amount to.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// How many bytes each family has.
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

/// The bytes of a month, of how many rows and billed to whom.
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

/// A value with its length before it.
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
    /// Where the first family begins.
    start: u64,
}

impl KeptMonth {
    pub(super) fn open(mut file: File) -> Result<Self> {
        let mut buffer = Vec::new();
        let length = read_part(&mut file, &mut buffer)?.context("it is empty")?;
        let head: Head = postcard::from_bytes(&buffer)?;
        let start = length + 8;
        let whole = start + head.families.iter().sum::<u64>() + head.bill;
        ensure!(file.metadata()?.len() == whole, "it has not the length that it tells");
        Ok(Self { file, head, start })
    }

    /// How many rows it was made of.
    pub(super) fn rows(&self) -> u64 {
        self.head.rows
    }

    /// The billing accounts that its rows name.
    pub(super) fn billing_accounts(&self) -> &BTreeSet<String> {
        &self.head.billing_accounts
    }

    /// What the month leaves to the one after it.
    pub(super) fn bill(mut self) -> Result<Bill> {
        let start = self.start + self.head.families.iter().sum::<u64>();
        self.file.seek(SeekFrom::Start(start))?;
        let mut buffer = Vec::new();
        read_part(&mut self.file, &mut buffer)?.context("it has no bill")?;
        Ok(postcard::from_bytes(&buffer)?)
    }

    /// The series of a family, in the order of their labels.
    pub(super) fn family(mut self, index: usize) -> Result<KeptFamily> {
        let length = *self.head.families.get(index).context("it lacks a family")?;
        let start = self.start + self.head.families[..index].iter().sum::<u64>();
        self.file.seek(SeekFrom::Start(start))?;
        Ok(KeptFamily { file: BufReader::new(self.file).take(length), buffer: Vec::new() })
    }
}

/// The series of a family of a month, one by one.
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
    ensure!(length <= LARGEST_PART, "it holds a part of {length} bytes");
    buffer.clear();
    from.take(length).read_to_end(buffer)?;
    ensure!(buffer.len() as u64 == length, "it is cut off");
    Ok(Some(length))
}
