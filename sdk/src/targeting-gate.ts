// Waits until the project's conditions let a session in. The conditions are loaded only
// for projects that have some.

import type { Report } from './recorder/page-access';
import type { Targeting, TargetingFlag, TargetingNews } from './targeting';

export class TargetingGate {
  private conditions: Promise<Targeting> | undefined;
  private whenChosen: () => void = () => {};
  private href = '';

  constructor(private readonly report: Report) {}

  open(flag: TargetingFlag, ids: { session: string; device: string }, whenChosen: () => void): void {
    this.whenChosen = whenChosen;
    this.href = '';
    this.conditions = import('./targeting').then(({ Targeting }) => new Targeting(flag, ids));
    this.conditions.catch(this.report);
    this.lookAtAddress();
  }

  close(): void {
    this.conditions = undefined;
  }

  tell(news: TargetingNews): void {
    const { conditions } = this;
    conditions?.then((targeting) => {
      if (this.conditions !== conditions || !targeting.take(news)) return;
      this.close();
      this.whenChosen();
    }, this.report);
  }

  lookAtAddress(): void {
    if (!this.conditions || this.href === location.href) return;
    this.href = location.href;
    this.tell({ url: this.href });
  }
}
