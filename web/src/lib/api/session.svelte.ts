import { api } from './client';
import { kept } from './kept';
import type { Me, Project } from './types';

/** Who is signed in. One per page load; everything that needs a project reads it from here. */
class Session {
  me = $state<Me | null>(null);

  get projects(): Project[] {
    return this.me?.projects ?? [];
  }

  /** The project of an address, or the first one when the address names none or one of others. */
  project(id: string | null): Project | null {
    return this.projects.find((project) => String(project.id) === id) ?? this.projects[0] ?? null;
  }

  async load(): Promise<Me> {
    if (this.me) return this.me;
    return this.begin(await api.me());
  }

  /** A project that was made or changed. */
  takeProject(project: Project): void {
    if (!this.me) return;
    const known = this.me.projects.some(({ id }) => id === project.id);
    this.me.projects = known
      ? this.me.projects.map((other) => (other.id === project.id ? { ...other, ...project } : other))
      : [...this.me.projects, project];
  }

  begin(me: Me): Me {
    if (this.me?.user.id !== me.user.id) kept.clear();
    this.me = me;
    api.csrf_token = me.csrf_token;
    return me;
  }

  async end(): Promise<void> {
    await api.logout();
    kept.clear();
    this.me = null;
    api.csrf_token = '';
  }
}

export const session = new Session();
