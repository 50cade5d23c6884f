"""How the page of a plan looks and filters. Text only."""

STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1c2430;--dim:#5b6675;--line:#d9dee5;--plus:#116329;
--plus-bg:#dcf5e3;--plus-mark:#a0e3b3;--minus:#9a1b22;--minus-bg:#fde5e5;--minus-mark:#f7b4b6;--accent:#2759c4}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1a2029;--ink:#e3e8ef;--dim:#98a4b5;--line:#303947;
--plus:#7ee2a0;--plus-bg:#12301d;--plus-mark:#1f6b3a;--minus:#ff9ea1;--minus-bg:#3a1a1d;--minus-mark:#83262c;
--accent:#7fa7ff}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
header,main{max-width:1120px;margin:0 auto;padding:16px 20px}header{padding-top:28px}h1{font-size:22px;margin:0 0 4px}
.facts,.reason{color:var(--dim);margin:2px 0;font-size:13px;overflow-wrap:anywhere}
.filter{display:flex;flex-wrap:wrap;gap:6px;margin-top:14px;align-items:center}
.filter .badge{cursor:pointer;padding:4px 10px}.filter input{margin:0 4px 0 0;vertical-align:-1px}
.some button{border:1px solid var(--line);background:var(--card);color:var(--dim);border-radius:14px;padding:4px 10px;
margin-left:4px;font:inherit;font-size:13px;cursor:pointer}
.card{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--accent);border-radius:8px;
padding:12px 16px;margin:0 0 14px}.card.delete,.card.replace,.card.bad{border-left-color:#d1373f}
.card.create{border-left-color:#2c9a53}.card.drift,.card.warn{border-left-color:#c98a10}
h2{font-size:16px;margin:0;overflow-wrap:anywhere}h2 small{font-weight:400;color:var(--dim)}.title{color:var(--dim);
font-weight:400}.sign{display:inline-block;font-size:12px;text-transform:uppercase;letter-spacing:.04em;
color:var(--dim);min-width:58px}.drift .sign{min-width:0}
.badges{margin:4px 0}.badge{display:inline-block;border-radius:12px;padding:1px 9px;margin:0 4px 2px 0;font-size:13px;
background:color-mix(in srgb,var(--c) 16%,transparent);border:1px solid color-mix(in srgb,var(--c) 45%,transparent)}
.deletion{--c:#d1373f}.access{--c:#b4489e}.data-source{--c:#c26a0a}.query{--c:#2759c4}.settings{--c:#7a56c9}
.addition{--c:#2c9a53}.layout{--c:#728096}.cosmetic{--c:#8d99a8}
.notes{margin:4px 0;padding-left:18px;color:var(--dim);font-size:13px}
.group{border-top:1px solid var(--line);padding:8px 0 4px;margin-top:8px}h3{font-size:14px;margin:0 0 4px;
overflow-wrap:anywhere}.row{display:flex;gap:8px;margin:3px 0}.row>div{min-width:0;flex:1;overflow-wrap:anywhere}
.dot{flex:none;width:9px;height:9px;border-radius:50%;background:var(--c);margin-top:7px}
.name{color:var(--dim);font-family:ui-monospace,monospace;font-size:13px}
del,.minus{color:var(--minus);background:var(--minus-bg);text-decoration:none}ins,.plus{color:var(--plus);
background:var(--plus-bg);text-decoration:none}del,ins{border-radius:3px;padding:0 3px}
.said.add{color:var(--plus)}.said.remove{color:var(--minus)}
pre.text{margin:4px 0;padding:0;border:1px solid var(--line);border-radius:6px;overflow-x:auto;font-size:13px;
line-height:1.55}pre.text span{display:block;padding:0 8px;white-space:pre-wrap;overflow-wrap:anywhere}
pre.text .same{color:var(--dim)}mark{color:inherit;border-radius:2px}.plus mark{background:var(--plus-mark)}
.minus mark{background:var(--minus-mark)}
details{margin-top:6px}summary{cursor:pointer;color:var(--dim);font-size:13px}
.columns{display:grid;grid-template-columns:1fr 1fr;gap:14px;margin-top:6px}.columns>div{min-width:0}
.columns b{font-size:12px;color:var(--dim);text-transform:uppercase;letter-spacing:.04em}
dl{display:grid;grid-template-columns:auto 1fr;gap:2px 10px;margin:4px 0;font-size:13px}dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere;font-family:ui-monospace,monospace;border-radius:3px;padding:0 4px}
svg{width:100%;height:auto;border:1px solid var(--line);border-radius:6px;margin-top:4px;display:block}
svg rect{fill:color-mix(in srgb,var(--dim) 14%,transparent);stroke:var(--line);stroke-width:.6}
svg text{font-size:5.5px;fill:var(--dim)}svg .new rect{fill:var(--plus-bg);stroke:#2c9a53}
svg .gone rect{fill:var(--minus-bg);stroke:#d1373f}
svg .moved rect{fill:color-mix(in srgb,var(--accent) 22%,transparent)}
[hidden]{display:none!important}
@media(max-width:640px){header,main{padding-left:12px;padding-right:12px}.columns{grid-template-columns:1fr}
.card{padding:10px 12px}h1{font-size:19px}}
@media print{.filter{display:none}}
"""

SCRIPT = """
(function(){var boxes=[].slice.call(document.querySelectorAll('.filter input'));
function all(s,e){return [].slice.call((e||document).querySelectorAll(s))}
function show(){var on={};boxes.forEach(function(b){on[b.dataset['class']]=b.checked});
all('.change').forEach(function(card){var any=false;
all('.row',card).forEach(function(row){row.hidden=!on[row.dataset['class']];if(!row.hidden)any=true});
all('.group',card).forEach(function(g){g.hidden=!all('.row',g).some(function(r){return !r.hidden})});
all('.pictures',card).forEach(function(p){p.hidden=!(on.layout||on.addition||on.deletion)});
card.hidden=!any&&all('.row',card).length>0})}
boxes.forEach(function(b){b.addEventListener('change',show)});
all('[data-show]').forEach(function(b){b.addEventListener('click',function(){
boxes.forEach(function(x){x.checked=b.dataset.show==='all'});show()})});show()})();
"""
