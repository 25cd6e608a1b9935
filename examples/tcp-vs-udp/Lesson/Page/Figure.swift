// What a picture hands to the page, and what every picture is: a value made from the results, that
// draws itself if its runs were made and otherwise leaves the page to say so.

/// A picture or table with its words.
struct Figure {
  /// Its anchor: `loss`.
  var id: String
  /// What it shows, as a heading.
  var title: String
  /// What to look at, in sentences.
  var caption: String
  /// The drawings; side by side where there is room.
  var drawings: [Markup] = []
  /// Are they so wide that they scroll in a small window, rather than become too small to read?
  var isWide = false
  /// A table beneath, or instead.
  var table: Markup?

  /// The drawings as they stand in the page.
  var svg: String { drawings.map(\.rendered).joined() }
}

/// Something that the page shows.
protocol Picture {
  /// Its anchor: `loss`.
  var id: String { get }
  /// The heading where it cannot be shown.
  var title: String { get }
  /// Which runs it needs: ends the sentence that stands in its place without them.
  var needs: String { get }
  /// Nil when these runs were not made.
  var figure: Figure? { get }
}
