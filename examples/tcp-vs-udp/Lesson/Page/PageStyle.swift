// How the page looks: a column of text, quiet lines, three colours that the colour-blind can tell
// apart (Okabe and Ito's blue, vermilion and green), each always with a shape of its own. Light and
// dark differ in the variables alone.

/// The page's style sheet.
enum PageStyle {
  /// A constant: nothing of a run goes into it.
  static let sheet = colours + text + tables + drawings + small

  private static let colours = """
    :root { color-scheme: light dark;
      --paper: #fdfcf9; --panel: #f6f3ec; --ink: #22211f; --dim: #6b6860; --rule: #a8a398;
      --grid: #e6e2d8; --tcp: #0b6aa8; --udp: #c24e00; --resend: #007d5a; --bad: #b3123c;
      --tcp-soft: #dcebf5; --udp-soft: #fbe6d6; --good: #2b6e2f; --shade: #efebe1;
      --cue: #22211f66; }
    @media (prefers-color-scheme: dark) { :root {
      --paper: #191a1c; --panel: #222427; --ink: #e8e5de; --dim: #a5a198; --rule: #6a6860;
      --grid: #313336; --tcp: #63b3ea; --udp: #ff9a57; --resend: #3fcb9e; --bad: #ff6f91;
      --tcp-soft: #1d3547; --udp-soft: #47301f; --good: #7cc47f; --shade: #26282b;
      --cue: #e8e5de66; } }
    .way-tcp { --way: var(--tcp); --soft: var(--tcp-soft); }
    .way-udp { --way: var(--udp); --soft: var(--udp-soft); }
    .way-udp-resend { --way: var(--resend); --soft: var(--grid); }

    """

  private static let text = """
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 1.0625rem/1.6 Charter, "Bitstream Charter", "Iowan Old Style", Palatino, Georgia,
        "DejaVu Serif", serif; }
    header, main, footer { max-width: 70rem; margin: 0 auto; padding: 0 1.25rem; }
    header { padding-top: 3.5rem; }
    h1 { font-size: clamp(1.8rem, 5vw, 2.7rem); line-height: 1.15; margin: 0 0 1rem;
      letter-spacing: -.015em; font-weight: 600; text-wrap: balance; }
    h2 { font-size: 1.6rem; line-height: 1.25; margin: 4.5rem 0 .6rem; font-weight: 600; }
    h3 { font-size: 1.08rem; line-height: 1.4; margin: 0 0 .3rem; font-weight: 600; }
    p { max-width: 42rem; margin: 0 0 1rem; }
    .lead { font-size: 1.2rem; color: var(--dim); max-width: 46rem; }
    a { color: inherit; text-decoration-color: var(--rule); text-underline-offset: .18em; }
    a:hover { text-decoration-color: currentColor; }
    a:focus-visible, .scroll:focus-visible, summary:focus-visible {
      outline: 2px solid var(--tcp); outline-offset: 2px; }
    nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .35rem 1.4rem; padding: 0;
      margin: 1.2rem 0; font: .92rem/1.5 system-ui, sans-serif; }
    nav .verdicts { border-top: 1px solid var(--rule); padding-top: 1rem; }
    nav .contents { color: var(--dim); }
    .sign { display: inline-block; width: 1.3em; font-weight: 700; }
    .held .sign { color: var(--good); } .caveat .sign { color: var(--tcp); }
    .too-simple .sign { color: var(--udp); } .contradicted .sign { color: var(--bad); }
    .not-shown .sign { color: var(--bad); }
    .badge { white-space: nowrap; } .contradicted, .not-shown { font-weight: 700; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden;
      clip-path: inset(50%); white-space: nowrap; }
    figure { margin: 2.2rem 0 3rem; }
    figure p { color: var(--dim); font-size: .97rem; line-height: 1.5; }
    .figure-name { font-weight: 400; color: var(--dim); margin-right: .35em; }
    .panels { display: flex; flex-wrap: wrap; gap: 1.6rem 1.4rem; align-items: flex-start; }
    .pair figure { display: flex; flex-direction: column; }
    .pair .panels { margin-top: auto; }
    .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr));
      gap: 0 2rem; }
    .missing { border-left: 3px solid var(--rule); padding: .4rem 0 .4rem 1rem; color: var(--dim);
      font-style: italic; }
    details { margin: .6rem 0; font-size: .95rem; }
    summary { cursor: pointer; color: var(--dim); }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel);
      padding: .8rem 1rem; border-radius: 4px; font-size: .8rem; line-height: 1.5; }
    code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
      font-size: .92em; }
    footer { border-top: 1px solid var(--grid); margin-top: 4rem; padding-top: 1.2rem;
      padding-bottom: 3rem; color: var(--dim); font-size: .92rem; }

    """

  private static let tables = """
    table { border-collapse: collapse; }
    caption { text-align: left; font: .88rem/1.5 system-ui, sans-serif; color: var(--dim);
      padding: 0 0 .4rem; }
    th { font-weight: 600; text-align: left; }
    /* A shadow lies where more is to come; at an end of what scrolls, paper lies on it. */
    .scroll { overflow-x: auto; min-width: 0; background:
        linear-gradient(to right, var(--paper) 40%, transparent) left / 3rem 100% no-repeat local,
        linear-gradient(to left, var(--paper) 40%, transparent) right / 3rem 100% no-repeat local,
        linear-gradient(to right, var(--cue), transparent) left / .9rem 100% no-repeat scroll,
        linear-gradient(to left, var(--cue), transparent) right / .9rem 100% no-repeat scroll; }
    div.scroll:not(.panels) { margin: 1.2rem 0; }
    .claims { width: 100%; }
    .claims th, .claims td { vertical-align: top; padding: .8rem 1.4rem .8rem 0;
      border-top: 1px solid var(--grid); }
    .claims thead th { font: .88rem/1.5 system-ui, sans-serif; color: var(--dim);
      border-top: 1px solid var(--rule); padding-bottom: .5rem; padding-top: .5rem; }
    .claims tbody th { width: 26%; font-weight: 400; font-style: italic; }
    .claims td:last-child { padding-right: 0; }
    .claims tr:target { background: var(--shade); }
    .badge { font: .92rem/1.7 system-ui, sans-serif; }
    .links { font: .85rem/1.6 system-ui, sans-serif; color: var(--dim); }
    .links a { margin-left: .5em; white-space: nowrap; }
    .numbers { font: .82rem/1.35 system-ui, sans-serif; font-variant-numeric: tabular-nums;
      font-feature-settings: "tnum"; }
    .numbers th, .numbers td { padding: .3rem .55rem; border-bottom: 1px solid var(--grid);
      white-space: nowrap; }
    .numbers thead th { color: var(--dim); border-bottom-color: var(--rule); vertical-align: bottom;
      white-space: normal; min-width: 3.6rem; }
    .numbers tbody th { font-weight: 400; }
    .numbers .n { text-align: right; }
    .numbers .notable { color: var(--bad); }
    .matrix { font-size: .77rem; } .matrix th, .matrix td { padding: .3rem; }
    .matrix thead th { min-width: 0; } .matrix .none { color: var(--dim); opacity: .75; }
    .matrix .edge { border-left: 1px solid var(--grid); padding-left: .5rem; }
    .matrix .condition { font-weight: 700; padding-top: .9rem; }
    .matrix .sticky { position: sticky; left: 0; background: var(--paper); padding-left: 0; }

    """

  private static let drawings = """
    svg { display: block; flex: 0 1 var(--natural); width: 100%; max-width: var(--natural);
      min-width: min(100%, 20rem); height: auto; }
    svg text { font: 12px system-ui, "Helvetica Neue", Arial, sans-serif; fill: var(--ink);
      font-variant-numeric: tabular-nums;
      paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
    svg .heading { font-size: 14px; font-weight: 600; }
    svg .heading[class*="way-"], svg .name { fill: var(--way); font-weight: 600; }
    svg text[class*="way-"] { fill: var(--way); }
    svg .tick, svg .axis-title, svg .dim { fill: var(--dim); }
    svg .tick { font-size: 11px; }
    svg .note { font-style: italic; } svg .strong { font-weight: 600; }
    svg .bad { fill: var(--bad); font-weight: 600; }
    .axis { stroke: var(--rule); } .grid { stroke: var(--grid); }
    .line { fill: none; stroke: var(--way); stroke-width: 2; stroke-linejoin: round; }
    .line.way-udp { stroke-dasharray: 8 4; } .line.way-udp-resend { stroke-dasharray: 2 3; }
    .line.expected { stroke: var(--dim); stroke-width: 1.2; stroke-dasharray: 5 3; }
    .marker { fill: var(--way); stroke: var(--paper); stroke-width: .6; }
    .marker.small { stroke: none; }
    .line.thin { stroke-width: 1; opacity: .6; }
    .lost { fill: none; stroke: var(--bad); stroke-width: 2; stroke-linecap: round; }
    .lost.fine { stroke-width: 1.1; }
    .stem { stroke: var(--way); stroke-width: 1; opacity: .55; }
    .shade { fill: var(--shade); }
    .curve { fill: none; stroke: var(--way); stroke-width: 2; }
    .curve.answered { stroke-width: 1.2; opacity: .7; }
    .bar { fill: var(--way); } .bar.plain { fill: var(--rule); } svg .bar.bad { fill: var(--bad); }
    .bar.hollow { fill: var(--soft); stroke: var(--way); stroke-width: 1.2; }
    .frame { fill: none; stroke: var(--way); stroke-width: 1.3; }
    .block { fill: var(--soft); }
    .block.gone { fill: none; stroke: var(--rule); stroke-dasharray: 3 3; }
    svg .on-block { stroke: none; }
    figure[id^="exchange"] svg { flex-basis: 52rem; max-width: 52rem; }
    .rail { stroke: var(--ink); stroke-width: 1.4; }
    .silent { stroke-dasharray: 1 5; }
    .arrow { stroke: var(--way); stroke-width: 1.5; } .head { fill: var(--way); }
    .control { --way: var(--dim); } .arrow.control { stroke-width: 1.1; }
    .arrow.again { stroke-width: 2.6; } .arrow.copy { stroke-dasharray: 5 3; }
    svg .remark { font-weight: 700; } svg .silence { fill: var(--dim); font-style: italic; }
    svg .phase { font-style: italic; }
    .bracket { fill: none; stroke: var(--rule); } .bracket.inner { stroke: var(--ink); }

    """

  private static let small = """
    @media (max-width: 46rem) {
      header { padding-top: 2rem; } h2 { margin-top: 3.2rem; }
      .claims, .claims tbody, .claims tr, .claims th, .claims td { display: block; width: auto; }
      .claims thead { display: none; }
      .claims tbody th, .claims td { border-top: 0; padding: .15rem 0; width: auto; }
      .claims tbody tr { border-top: 1px solid var(--grid); padding: .9rem 0; }
      .claims tbody th { width: auto; }
      .panels.scroll svg { min-width: calc(var(--natural) * .85); }
    }
    @media print {
      body { font-size: 10pt; background: none; } header, main, footer { max-width: none; }
      nav { display: none; } h2 { break-after: avoid; } svg { break-inside: avoid; }
      h3, figcaption { break-after: avoid; } .scroll, .panels { overflow: visible; }
      .numbers { font-size: 6.5pt; }
    }

    """
}
