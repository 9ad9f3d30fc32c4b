/** The whole style of the page; its hash stands in the content security policy. */
export const pageStyle = `
:root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --ground: #f6f7f9; --card: #fff; --line: #d5dae0;
  --accent: #0b5fc1; --good: #116b34; --bad: #b0241c; --warn: #8a5300; --goodground: #e2f5e8; --badground: #fdeae8; --warnground: #fff3d8; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ed; --soft: #a3adb8; --ground: #111418; --card: #1a1f25;
  --line: #343c46; --accent: #74b0ff; --good: #6fd994; --bad: #ff9a90; --warn: #f3c164; --goodground: #12301d;
  --badground: #3d1a18; --warnground: #362808; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 0 0 .6rem; } h3 { font-size: 1rem; margin: 1rem 0 .3rem; } p { margin: .4rem 0; }
code, pre, textarea, .value { font-family: ui-monospace, monospace; font-size: .92em; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; background: var(--card); padding: .5rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; } main:focus { outline: none; }
.state { padding: .6rem .8rem; border-left: .4rem solid; border-radius: .3rem; font-weight: 600; margin: .6rem 0; }
.state[data-state=fresh] { color: var(--good); background: var(--goodground); }
.state[data-state=stale] { color: var(--bad); background: var(--badground); }
.state[data-state=cold] { color: var(--warn); background: var(--warnground); }
.updates { display: flex; flex-wrap: wrap; gap: .8rem; align-items: center; color: var(--soft); }
.updates .lost { color: var(--bad); font-weight: 600; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); align-items: start; }
section.wide { grid-column: 1 / -1; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; min-width: 0; }
.facts { margin: 0; display: grid; gap: .7rem 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr)); }
dt { color: var(--soft); font-size: .9rem; } dd { margin: 0; overflow-wrap: anywhere; } .facts .value { display: block; font-size: 1.05rem; }
.note { color: var(--soft); font-size: .9rem; } .good { color: var(--good); } .warn { color: var(--warn); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
table { width: 100%; border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: anywhere; font-weight: 400; }
.digest { font-family: ui-monospace, monospace; font-size: .92em; } .digest, td code, time { white-space: nowrap; }
thead th { color: var(--soft); font-size: .9rem; overflow-wrap: normal; }
.plot { display: block; width: 100%; max-width: 36rem; height: auto; }
.bar { fill: var(--accent); } .bar.slow { fill: var(--bad); } .grid { stroke: var(--line); stroke-width: .7; }
.objective { stroke: var(--bad); stroke-dasharray: 4 3; } .tick { fill: var(--soft); font-size: 9.5px; }
pre { overflow-x: auto; background: var(--ground); border: 1px solid var(--line); border-radius: .3rem; padding: .6rem; margin: .5rem 0; }
label { display: block; font-weight: 600; }
textarea { width: 100%; padding: .5rem; color: inherit; background: var(--ground); border: 1px solid var(--soft); border-radius: .3rem; resize: vertical; }
button { font: inherit; padding: .4rem .9rem; min-height: 2.5rem; color: var(--accent); background: var(--card);
  border: 1px solid var(--accent); border-radius: .3rem; cursor: pointer; }
button:disabled { opacity: .5; cursor: default; }
.counts { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; list-style: none; }
.verdict { font-weight: 600; padding: .5rem .7rem; border-radius: .3rem; }
.verdict[data-tone=denied] { color: var(--bad); background: var(--badground); }
.verdict[data-tone=clear] { color: var(--good); background: var(--goodground); }
.verdict[data-tone=unknown] { color: var(--warn); background: var(--warnground); }
footer { color: var(--soft); margin-top: 1rem; font-size: .9rem; }
@media (max-width: 36rem) {
  thead { position: absolute; left: -100rem; }
  tbody tr { display: block; border-bottom: 1px solid var(--line); padding: .4rem 0; }
  tbody th, tbody td { display: grid; grid-template-columns: 8.5rem 1fr; border: 0; padding: .1rem 0; }
  tbody th::before, tbody td::before { content: attr(data-label); color: var(--soft);
    font: 400 1rem/1.5 system-ui, sans-serif; }
}
`;
