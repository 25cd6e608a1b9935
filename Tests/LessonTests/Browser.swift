// A page as a browser lays it out: a script that is appended to a copy of the page measures every
// picture and leaves what it found in the document, which the browser then prints.

import Foundation
import Harness

/// Loads pages in headless Chromium.
struct Browser {
  /// What is wrong with a page, and what it holds.
  struct Findings: Decodable {
    /// One drawing.
    struct Drawing: Decodable {
      /// The picture's id, and which of its drawings this is.
      let picture: String
      let panel: String
      /// How many data it says that it must hold.
      let count: Int
      /// How many marks for data are there, have a size, and lie inside of it.
      let visible: Int
      /// Pairs of texts that lie on each other.
      let overlaps: [String]
      /// Texts that stick out of the drawing.
      let escapes: [String]
      /// The height of its smallest letters, in pixels.
      let smallest: Double
    }
    /// Something that is wider than the box in which it scrolls.
    struct Clipped: Decodable {
      let name: String
      /// So many pixels cannot be seen without scrolling.
      let hidden: Int
      /// A shadow shows that there is more, and a keyboard and a screen reader get there.
      let isMarked: Bool
    }
    /// A table of data.
    struct Table: Decodable {
      let table: String
      let count: Int
      let rows: Int
    }
    let drawings: [Drawing]
    let tables: [Table]
    let clipped: [Clipped]
    /// Of the window, in pixels.
    let width: Int
    /// Pictures that are replaced by a sentence that can be seen.
    let missing: [String]
    /// How far the document is wider than the window, in pixels.
    let overflow: Int
    /// What was loaded besides the document.
    let requests: [String]
    /// Links to anchors that are not there.
    let deadLinks: [String]
    let background: String

    /// A sentence for each thing that a reader would stumble over; none if all is well.
    var complaints: [String] {
      var complaints = drawings.flatMap { drawing in
        let name = drawing.panel.isEmpty ? drawing.picture : "\(drawing.picture)/\(drawing.panel)"
        var complaints: [String] = []
        if drawing.visible != drawing.count {
          complaints.append("\(name): \(drawing.visible) of \(drawing.count) data can be seen")
        }
        complaints += drawing.overlaps.map { "\(name): texts overlap: \($0)" }
        complaints += drawing.escapes.map { "\(name): text sticks out: \($0)" }
        if drawing.smallest < 8 { complaints.append("\(name): text of \(drawing.smallest) px") }
        return complaints
      }
      complaints += clipped.compactMap { box in
        if !box.isMarked { return "\(box.name) scrolls, and nothing shows it" }
        // A window of that width has room for everything.
        return width >= 1100 ? "\(box.hidden) px of \(box.name) are hidden" : nil
      }
      complaints += tables.filter { $0.rows != $0.count }.map {
        "\($0.table): \($0.rows) of \($0.count) rows"
      }
      if overflow > 0 { complaints.append("the page is \(overflow) px wider than its window") }
      complaints += requests.map { "loads \($0)" }
      complaints += deadLinks.map { "leads nowhere: \($0)" }
      return complaints
    }

    /// The pictures that are drawn.
    var pictures: Set<String> { Set(drawings.map(\.picture)) }
  }

  private let program: URL

  /// The browser of this machine; a sentence if there is none.
  init() throws {
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"]
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let places = names.flatMap { name in folders.map { "\($0)/\(name)" } }
    guard let place = places.first(where: FileManager.default.isExecutableFile(atPath:)) else {
      throw Failure("the page is looked at in Chromium, and there is none: apt install chromium")
    }
    program = URL(fileURLWithPath: place)
  }

  /// What a page looks like in a window of that width.
  func look(at html: String, width: Int, isDark: Bool = false) throws -> Findings {
    let folder = try Paths.newFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "page.html")
    let page = html.replacing("</body>", with: "<script>\(Browser.script)</script></body>")
    try page.write(to: file, atomically: true, encoding: .utf8)
    // The page is a file of ours, and containers have no room for Chromium's sandbox.
    let run = try Finished(
      program,
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
        "--user-data-dir=\(folder.path)/profile", "--window-size=\(width),900",
        "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)", "--dump-dom", file.path,
      ], environment: ["HOME": folder.path], within: .seconds(60))
    let parts = run.output.components(separatedBy: "@@findings@@")
    guard parts.count == 3, let data = Data(base64Encoded: parts[1]) else {
      throw Failure("Chromium measured nothing; \(run.exit), stderr:\n\(run.error)")
    }
    return try JSONDecoder().decode(Findings.self, from: data)
  }

  /// Measures, and leaves the result in place of the document.
  private static let script = """
    const inside = (a, b, slack) => a.left >= b.left - slack && a.right <= b.right + slack
      && a.top >= b.top - slack && a.bottom <= b.bottom + slack;
    // A box of text is as high as its line; ink is not.
    const ink = element => { const box = element.getBoundingClientRect();
      const trim = box.height * 0.17;
      return { left: box.left, right: box.right, top: box.top + trim, bottom: box.bottom - trim,
        words: element.textContent }; };
    const drawings = [...document.querySelectorAll('svg[data-picture]')].map(svg => {
      const frame = svg.getBoundingClientRect();
      const data = [...svg.querySelectorAll('.datum')].filter(datum => {
        const box = datum.getBoundingClientRect();
        return box.width + box.height > 0 && inside(box, frame, 1.5); });
      const texts = [...svg.querySelectorAll('text')].map(ink);
      const overlaps = [];
      texts.forEach((a, i) => texts.slice(i + 1).forEach(b => {
        if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
          && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
          overlaps.push(a.words + ' / ' + b.words); }));
      return { picture: svg.dataset.picture, panel: svg.dataset.panel || '',
        count: Number(svg.dataset.count), visible: data.length, overlaps,
        escapes: texts.filter(box => !inside(box, frame, 1)).map(box => box.words),
        smallest: Math.min(99, ...[...svg.querySelectorAll('text')].map(text => Math.round(10
          * parseFloat(getComputedStyle(text).fontSize) * frame.width
          / svg.viewBox.baseVal.width) / 10)) }; });
    const clipped = [...document.querySelectorAll('body *:not(.unseen)')].filter(box => {
      const style = getComputedStyle(box);
      return style.overflowX !== 'visible' && !box.closest('svg')
        && box.scrollWidth > box.clientWidth + 1;
    }).map(box => ({ name: box.getAttribute('aria-label') || box.tagName,
      hidden: box.scrollWidth - box.clientWidth,
      isMarked: box.tabIndex === 0 && box.getAttribute('role') === 'region'
        && box.hasAttribute('aria-label')
        && getComputedStyle(box).backgroundImage.includes('gradient') }));
    const tables = [...document.querySelectorAll('[data-table]')].map(table => ({
      table: table.dataset.table, count: Number(table.dataset.count),
      rows: [...table.querySelectorAll('.datum-row')]
        .filter(row => row.getBoundingClientRect().height > 0).length }));
    const missing = [...document.querySelectorAll('[data-missing]')]
      .filter(note => note.textContent && note.getBoundingClientRect().height > 0)
      .map(note => note.dataset.missing);
    const findings = { drawings, tables, missing, clipped, width: window.innerWidth,
      overflow: Math.max(0, document.documentElement.scrollWidth - window.innerWidth),
      requests: performance.getEntriesByType('resource').map(entry => entry.name),
      deadLinks: [...document.querySelectorAll('a')].map(link => link.getAttribute('href'))
        .filter(href => !href.startsWith('#') || !document.getElementById(href.slice(1))),
      background: getComputedStyle(document.body).backgroundColor };
    const bytes = new TextEncoder().encode(JSON.stringify(findings));
    const text = btoa([...bytes].map(byte => String.fromCharCode(byte)).join(''));
    document.documentElement.textContent = '@@findings@@' + text + '@@findings@@';
    """
}
