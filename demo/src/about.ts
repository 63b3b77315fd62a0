import { showCount } from './cart';
import { startRecording } from './record';

showCount();
void startRecording();
