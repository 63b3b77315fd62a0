// A chart drawn as SVG that is drawn anew with each change (Chartist).
import { BarChart, LineChart } from 'chartist';

let line: LineChart;
const series = (shift: number) => [[1, 5, 2, 5, 4, 3].map((value) => (value * shift) % 7), [2, 3, 4, 8, 1, 2]];
const labels = ['a', 'b', 'c', 'd', 'e', 'f'];
export const start = (stage: Element) => {
  stage.innerHTML = '<div id=line></div><div id=bar></div>';
  for (const part of stage.children) (part as HTMLElement).style.cssText = 'height: 150px; width: 500px';
  line = new LineChart('#line', { labels, series: series(1) }, { showArea: true });
};
const settle = () => new Promise((done) => setTimeout(done, 80));
export const steps = [
  () => void line.update({ labels, series: series(3) }),
  () => void new BarChart('#bar', { labels, series: series(2) }),
  () => void line.update({ labels: labels.slice(2), series: series(5) }),
].map((step) => async () => {
  step();
  await settle();
});
