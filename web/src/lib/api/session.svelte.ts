import { api } from './client';
import type { Me, Project } from './types';

/** Who is signed in. One per page load; everything that needs a project reads it from here. */
class Session {
  me = $state<Me | null>(null);

  get projects(): Project[] {
    return this.me?.projects ?? [];
  }

  project(id: string | null): Project | null {
    return this.projects.find((project) => project.id === id) ?? this.projects[0] ?? null;
  }

  async load(): Promise<Me> {
    if (this.me) return this.me;
    return this.begin(await api.me());
  }

  begin(me: Me): Me {
    this.me = me;
    api.csrf_token = me.csrf_token;
    return me;
  }

  async end(): Promise<void> {
    await api.logout();
    this.me = null;
    api.csrf_token = '';
  }
}

export const session = new Session();
