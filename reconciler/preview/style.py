"""The look of the pages: Grafana's own proportions and colours, light and dark, and the little script that switches
them.
"""

CSS = """
:root{--page:#f4f5f5;--card:#fff;--line:#dfe1e5;--ink:#24292e;--soft:#6c737a;--accent:#3871dc;--pop:#fff;
color-scheme:light}
:root[data-theme=dark]{--page:#111217;--card:#181b1f;--line:#2c3235;--ink:#ccccdc;--soft:#8e8ea0;--accent:#6e9fff;
--pop:#22252b;
color-scheme:dark}
@media(prefers-color-scheme:dark){:root:not([data-theme=light]){--page:#111217;--card:#181b1f;--line:#2c3235;
--ink:#ccccdc;
--soft:#8e8ea0;--accent:#6e9fff;--pop:#22252b;color-scheme:dark}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:14px/1.45 Inter,system-ui,
sans-serif}
a{color:var(--accent);text-decoration:none}a:hover,a:focus{text-decoration:underline}
.top{padding:14px 20px 10px;border-bottom:1px solid var(--line);background:var(--card)}
.top h1{font-size:20px;margin:2px 0;display:inline-block}.crumbs{color:var(--soft);font-size:13px}
.lead{color:var(--soft);max-width:110ch;margin:2px 0 0}.bar{display:flex;flex-wrap:wrap;gap:8px;margin-top:10px;
align-items:center}
.chip,.bar>a,.bar>span.away,.bar>button{border:1px solid var(--line);border-radius:3px;padding:3px 9px;
background:var(--page);
font:inherit;font-size:13px;color:inherit}
.bar>a[aria-current]{border-color:var(--accent);font-weight:600}.chip b{font-weight:600}.chip.hidden{opacity:.55}
.chip.gone{border:1px dashed #F2495C}
.away{color:var(--soft)}button{cursor:pointer}.spread{margin-left:auto}
nav.roles{display:flex;flex-wrap:wrap;gap:14px;padding:8px 20px;font-size:13px;border-bottom:1px solid var(--line)}
nav.roles details{position:relative}nav.roles summary{cursor:pointer}nav.roles .pop{min-width:250px}
main{padding:12px 16px 40px;max-width:1640px;margin:auto}
.note{margin:0 0 12px;font-size:13px;color:var(--soft)}
.row{margin-top:4px}.row>summary{cursor:pointer;font-weight:500;font-size:16px;padding:4px 4px;height:30px;
list-style-position:inside}
.row>summary small{color:var(--soft);font-weight:400;font-style:italic;margin-left:8px}
.grid{position:relative;margin:0 -4px 8px}
.card{position:absolute;background:var(--card);border:1px solid var(--line);border-radius:3px;display:flex;
flex-direction:column;
overflow:visible;min-width:0}
.card header{display:flex;align-items:center;gap:6px;padding:6px 8px 2px;min-width:0}
.card h3{font-size:14px;font-weight:500;margin:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;
min-width:20px}
.badge{font-size:11px;color:var(--accent);border:1px solid var(--line);border-radius:8px;padding:0 6px;
white-space:nowrap}
.inside{flex:1;min-height:0;padding:2px 10px;position:relative;overflow:hidden;display:flex;align-items:center;
justify-content:center}
.mark{width:100%;height:100%;display:block}.mark .line{stroke-width:1.6;vector-effect:non-scaling-stroke}
.mark .grid{fill:none;stroke:var(--line);stroke-width:.5}.mark .hole{fill:var(--card)}
.mark .big{font:600 12px Inter,sans-serif;text-anchor:middle}
.stat{display:flex;flex-direction:column;gap:2px;align-items:center;justify-content:center;font-size:30px;
line-height:1.1}
.stat small{font-size:12px;color:var(--soft)}.inside>.mark+.stat{position:absolute;inset:0}.stat.tile{inset:0;
position:absolute;
color:#fff!important}
.rows,.text{align-self:stretch;width:100%;overflow:hidden}table{border-collapse:collapse;font-size:13px}
.rows table{width:100%}th,td{padding:4px 8px;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
th{font-weight:500;color:var(--soft)}.text{overflow:auto;font-size:14px}.text td,.text th{white-space:normal}
.text p{margin:6px 0}
.text h3,.text h4{margin:6px 0}
.neutral{border:1px dashed var(--line);border-radius:3px;padding:10px 16px;color:var(--soft)}
.log{list-style:none;margin:0;padding:0;width:100%}.log li{border-left:3px solid var(--line);padding:3px 8px}
.log i{display:block;height:7px;border-radius:3px;background:currentColor;opacity:.14}
.card footer{display:flex;gap:8px;align-items:center;padding:2px 8px 5px;font-size:11px;color:var(--soft);
min-width:0}
.facts{display:flex;gap:8px;min-width:0;overflow:hidden;white-space:nowrap;flex:1}.facts span{flex:none}
.limit i{display:inline-block;width:8px;height:8px;border-radius:2px;margin-right:3px}
details.queries>summary,details.about>summary{cursor:pointer;list-style:none;white-space:nowrap}
details.queries>summary::-webkit-details-marker,details.about>summary::-webkit-details-marker{display:none}
details.about>summary{border:1px solid var(--soft);border-radius:50%;width:16px;height:16px;line-height:14px;
text-align:center;
font-size:11px;color:var(--soft)}
details.queries>summary{text-decoration:underline dotted}.card details{position:static}
.pop{display:none}details[open]>.pop{display:block;position:absolute;z-index:9;background:var(--pop);
border:1px solid var(--line);
border-radius:3px;box-shadow:0 6px 20px #0006;padding:8px 12px;font-size:13px;color:var(--ink)}
.card details[open]>.pop{left:-1px;top:calc(100% - 4px);width:max(100%,420px);max-width:720px;max-height:460px;
overflow:auto}
.card details.about[open]>.pop{top:30px}.card.late details[open]>.pop{left:auto;right:-1px}
.pop p{margin:2px 0 6px}.pop ul{padding-left:18px;margin:4px 0}.pop h4{margin:6px 0 2px;font-weight:400}
.pop code{font-size:12px;
color:var(--soft);overflow-wrap:anywhere}
pre{margin:0 0 6px;white-space:pre-wrap;overflow-wrap:anywhere;font:12px/1.4 ui-monospace,monospace;
background:var(--page);
padding:6px 8px;border-radius:3px}
.card.small h3{font-size:13px}.card.small .limit,.card.small .badge{display:none}
.card.added{outline:2px solid #73BF69}.card.changed{outline:2px solid #FF9830}
.card.removed{outline:2px dashed #F2495C;opacity:.6}
.badge.change,.state{color:#fff;background:#b5560a;border-color:transparent}.state{border-radius:8px;
padding:1px 8px;font-size:12px;
margin-left:8px;vertical-align:3px}
.tree{columns:320px}.tree section{break-inside:avoid;margin:0 0 14px}.tree h2{font-size:15px;margin:0 0 4px}
.tree ul{margin:0;
padding-left:18px}.tree small{color:var(--soft)}
@media print{.pop,.spread{display:none!important}}
"""

SCRIPT = """
(function(){var r=document.documentElement,k='ggrec-theme',b=document.getElementById('theme');
try{var t=localStorage.getItem(k);if(t)r.dataset.theme=t}catch(e){}
b.onclick=function(){var d=r.dataset.theme||(matchMedia('(prefers-color-scheme:dark)').matches?'dark':'light');
r.dataset.theme=d==='dark'?'light':'dark';try{localStorage.setItem(k,r.dataset.theme)}catch(e){}};
document.addEventListener('click',function(e){document.querySelectorAll('.card details[open],
nav.roles details[open]').forEach(
function(d){if(!d.contains(e.target))d.open=false})});
document.addEventListener('keydown',function(e){
if(e.key==='Escape')document.querySelectorAll('.card details[open]').forEach(
function(d){d.open=false})})})();
"""
