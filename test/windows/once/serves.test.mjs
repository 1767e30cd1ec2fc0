import { serves } from '../serves.mjs';

serves('hand-off', 'round-robin');
serves('hand-off', 'source-hash');
serves('shared-handle', 'none');
