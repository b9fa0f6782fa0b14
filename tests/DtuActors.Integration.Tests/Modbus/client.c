/* libmodbus as a master: client tcp PORT UNIT, or client rtu DEVICE UNIT. Writes and reads back; says "done" when all was right. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <modbus.h>

static void right(int is_right, const char *what)
{
    if (!is_right) {
        fprintf(stderr, "%s: %s\n", what, modbus_strerror(errno));
        exit(1);
    }
}

int main(int count, char **argument)
{
    uint8_t bits[16] = {0};
    uint16_t words[125] = {0};
    const uint8_t three[] = {1, 0, 1};
    const uint16_t four[] = {1, 2, 3, 0xFFFF};
    modbus_t *master;
    int i;

    if (count != 4)
        return 2;

    master = strcmp(argument[1], "tcp") == 0 ? modbus_new_tcp("127.0.0.1", atoi(argument[2])) : modbus_new_rtu(argument[2], 115200, 'N', 8, 1);
    modbus_set_response_timeout(master, 30, 0);
    modbus_set_slave(master, atoi(argument[3]));
    right(modbus_connect(master) == 0, "connect");
    right(modbus_write_bit(master, 30, 1) == 1, "write one coil");
    right(modbus_write_bits(master, 31, 3, three) == 3, "write coils");
    right(modbus_read_bits(master, 30, 4, bits) == 4 && bits[0] == 1 && bits[1] == 1 && bits[2] == 0 && bits[3] == 1, "read coils");
    right(modbus_read_input_bits(master, 0, 9, bits) == 9 && bits[0] == 1 && bits[1] == 0 && bits[6] == 1, "read inputs");
    right(modbus_write_register(master, 40, 0x1234) == 1, "write one register");
    right(modbus_write_registers(master, 41, 4, four) == 4, "write registers");
    right(modbus_read_registers(master, 40, 5, words) == 5 && words[0] == 0x1234 && words[4] == 0xFFFF, "read registers");
    right(modbus_read_input_registers(master, 0, 125, words) == 125, "read input registers");
    for (i = 0; i < 125; i++)
        right(words[i] == 1000 + i, "an input register");
    right(modbus_mask_write_register(master, 40, 0xFF00, 0x00CD) == 1, "mask a register");
    right(modbus_write_and_read_registers(master, 41, 2, four, 40, 3, words) == 3 && words[0] == 0x12CD && words[1] == 1 && words[2] == 2, "write and read");
    right(modbus_read_registers(master, 195, 50, words) == -1 && errno == EMBXILADD, "an address that is none");
    modbus_close(master);
    modbus_free(master);
    puts("done");
    return 0;
}
