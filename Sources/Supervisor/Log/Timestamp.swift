// Times as the log writes them. Pure: no clock, no locale, no time zone, and no input that traps.

/// `2026-11-22T15:37:09.123Z` for nanoseconds since 1970, whatever they are.
package func timestamp(_ time_ns: UInt64) -> String {
  let time_ms = time_ns / 1_000_000
  let (days, ms) = Int64(time_ms).quotientAndRemainder(dividingBy: 86_400_000)
  let (year, month, day) = civilDate(daysSince1970: days)
  func padded(_ value: Int64, _ digits: Int) -> String { String(value).leftPadded(to: digits) }
  return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T"
    + padded(ms / 3_600_000, 2) + ":" + padded(ms / 60000 % 60, 2) + ":"
    + padded(ms / 1000 % 60, 2) + "." + padded(ms % 1000, 3) + "Z"
}

/// The Gregorian date of a day. Years are counted from March here, so that a leap day is a year's
/// last; 146097 days are 400 years.
private func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
  let days = daysSince1970 + 719_468  // since 1 March of year 0
  let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}
