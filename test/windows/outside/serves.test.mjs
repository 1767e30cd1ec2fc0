import { serves } from '../serves.mjs';

serves('hand-off', 'least-connections');
serves('shared-handle', 'least-connections');
