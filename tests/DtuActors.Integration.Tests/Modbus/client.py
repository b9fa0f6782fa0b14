"""pymodbus as a master: client.py tcp PORT UNIT, or client.py rtu DEVICE UNIT. Writes and reads back; says 'done' when all was right."""
import sys

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.mei_message import ReadDeviceInformationRequest
from pymodbus.pdu import ModbusExceptions
from pymodbus.register_read_message import ReadWriteMultipleRegistersRequest
from pymodbus.register_write_message import MaskWriteRegisterRequest

kind, where, unit = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = ModbusTcpClient("127.0.0.1", port=int(where), timeout=30) if kind == "tcp" else ModbusSerialClient(where, baudrate=115200, timeout=30)
assert client.connect(), "no connection"


def right(answer):
    assert not answer.isError(), answer
    return answer


right(client.write_coil(10, True, slave=unit))
right(client.write_coils(11, [True, False, True], slave=unit))
assert right(client.read_coils(10, 4, slave=unit)).bits[:4] == [True, True, False, True]
assert right(client.read_discrete_inputs(0, 9, slave=unit)).bits[:9] == [i % 3 == 0 for i in range(9)]
right(client.write_register(20, 0x1234, slave=unit))
right(client.write_registers(21, list(range(100)), slave=unit))
assert right(client.read_holding_registers(20, 101, slave=unit)).registers == [0x1234] + list(range(100))
assert right(client.read_input_registers(5, 125, slave=unit)).registers == [1005 + i for i in range(125)]
right(client.execute(MaskWriteRegisterRequest(20, 0xFF00, 0x00CD, unit=unit)))
assert right(client.read_holding_registers(20, 1, slave=unit)).registers == [0x12CD]
both = ReadWriteMultipleRegistersRequest(read_address=20, read_count=3, write_address=21, write_registers=[7, 8], unit=unit)
assert right(client.execute(both)).registers == [0x12CD, 7, 8]
if kind == "tcp":
    # Of a serial answer this client can't tell the length.
    information = right(client.execute(ReadDeviceInformationRequest(read_code=1, object_id=0, unit=unit))).information
    assert information == {0: b"Works", 1: b"P7", 2: b"1.2"}, information
refused = client.read_holding_registers(190, 50, slave=unit)
assert refused.isError() and refused.exception_code == ModbusExceptions.IllegalAddress, refused
client.close()
print("done", flush=True)
