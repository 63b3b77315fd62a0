// AG Grid: virtual rows placed by transforms, sorting, column state.
import { AllCommunityModule, createGrid, ModuleRegistry, type GridApi } from 'ag-grid-community';

ModuleRegistry.registerModules([AllCommunityModule]);
let grid: GridApi;
const row = (n: number) => ({ name: `name ${n}`, size: (n * 37) % 101, isOn: n % 2 === 0 });
export const start = (stage: Element) => {
  (stage as HTMLElement).style.cssText = 'height: 300px; width: 600px';
  grid = createGrid(stage as HTMLElement, {
    columnDefs: [{ field: 'name' }, { field: 'size', sortable: true }, { field: 'isOn' }],
    rowData: Array.from({ length: 500 }, (_, n) => row(n)),
    animateRows: false,
  });
};
const settle = () => new Promise((done) => setTimeout(done, 250));
export const steps = [
  () => grid.applyColumnState({ state: [{ colId: 'size', sort: 'desc' }] }),
  () => grid.ensureIndexVisible(300, 'top'),
  () => void grid.applyTransaction({ add: [row(1_000)], addIndex: 0 }),
  () => grid.setGridOption('rowData', [row(1), row(2)]),
].map((step) => async () => {
  step();
  await settle();
});
