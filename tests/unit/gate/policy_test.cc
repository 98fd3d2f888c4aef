#include "unit/gate/world.h"
